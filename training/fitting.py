"""Fit the two parts of a model: the linear one and the trees."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from service.scoring.features import Column
from service.scoring.linear import Linear, squeeze, standardised
from service.scoring.trees import Trees

Numbers = NDArray[np.float64]
# Threads that wait for a core which something else has taken spin: on two cores the trees of one training took 17 s
# with two threads where nothing else ran and 360 s at a load of 3.5; with one thread 28 s. One also adds up in one
# order.
ONE_THREAD = 1
LEARNING_RATE = 0.06
# Each split looks at some of the columns only: faster, and no worse on later weeks.
COLUMN_SHARE = 0.3


@dataclass(frozen=True)
class Grouping:
    """Columns by reason: `members` are each group's own, `exposure` those that every group may look at as well.

    A hundred open orders mean something else beside ten late ones than beside none; so volume may be asked on any path.
    """

    names: tuple[str, ...]
    members: tuple[tuple[int, ...], ...]
    exposure: frozenset[int]

    def constraints(self) -> list[set[int]]:
        """Which columns a path through a tree may ask about together."""
        return [set(own) | self.exposure for own in self.members]

    def owner(self, asked: Sequence[int]) -> int:
        """The group that a path of questions speaks for: the one beside the exposure metrics, else the first asked."""
        decisive = set(asked) - self.exposure or set(asked[:1])
        return next((i for i, own in enumerate(self.members) if decisive and decisive <= set(own)), -1)


def grouping(columns: Sequence[Column], exposures: Sequence[str]) -> Grouping:
    """Group columns by metric; complaints and the account's age are groups of their own."""
    names = tuple(dict.fromkeys(column.group for column in columns))
    members = tuple(tuple(i for i, column in enumerate(columns) if column.group == name) for name in names)
    volume = frozenset(i for i, column in enumerate(columns) if column.group in exposures)
    return Grouping(names, members, volume)


@dataclass(frozen=True)
class Table:
    """What the linear part learns from: standardised columns, then the `gaps` columns' missing values as 0 or 1.

    Single precision halves the time of a fit, which goes into reading this table some hundred times.
    """

    numbers: NDArray[np.float32]
    center: Numbers
    scale: Numbers
    gaps: list[int]

    @classmethod
    def of(cls, values: NDArray[Any]) -> "Table":
        tailless = squeeze(values)
        tailless[:, empty(values)] = 0.0
        center, scale = np.nanmean(tailless, axis=0), np.nanstd(tailless, axis=0)
        scale[scale == 0] = 1.0
        gaps = _distinct_gaps(values)
        numbers = np.hstack([standardised(values, center, scale), np.isnan(values[:, gaps])], dtype=np.float32)
        return cls(numbers, center, scale, gaps)


def fit_linear(
    table: Table, label: NDArray[np.bool_], weight: Numbers, columns: Sequence[Column], strength: float | Numbers
) -> Linear:
    """Fit a logistic regression whose weights may only have the sign of their metric's bad direction.

    `weight` says how much each row counts. `strength` is scikit-learn's C, one for all or one a column: large trusts
    the data, small pulls the weights to zero; gaps have the smallest. scikit-learn's own solver knows no bounds, so
    this is the same loss under L-BFGS-B.
    """
    numbers, width = table.numbers, len(columns)
    signs = [column.sign for column in columns] + [0] * len(table.gaps)
    bounds = [{1: (0, None), -1: (None, 0), 0: (None, None)}[sign] for sign in signs]
    bounds.append((None, None))
    mean = np.clip(np.average(label, weights=weight), 1e-6, 1 - 1e-6)
    start = np.append(np.zeros(len(signs)), np.log(mean / (1 - mean)))
    target = np.where(label, 1.0, -1.0)
    each = np.append(np.broadcast_to(strength, width), np.full(len(table.gaps), np.min(strength)))

    def loss(weights: Numbers) -> tuple[float, Numbers]:
        margin = target * ((numbers @ weights[:-1].astype(np.float32)).astype(np.float64) + weights[-1])
        pull = -target * weight / (1 + np.exp(np.clip(margin, -500, 500)))
        gradient = np.append(pull.astype(np.float32) @ numbers + weights[:-1] / each, pull.sum())
        size = weight @ np.logaddexp(0, -margin) + weights[:-1] @ (weights[:-1] / each) / 2
        return float(size) / len(target), gradient / len(target)

    with threadpool_limits(ONE_THREAD):
        found = minimize(
            loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 300, "ftol": 1e-7}
        )
    gap_weights = np.zeros(width)
    gap_weights[table.gaps] = found.x[width:-1]
    return Linear(table.center, table.scale, found.x[:width], gap_weights, float(found.x[-1]))


def empty(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Columns without a value, as those of a metric that began later; scikit-learn's boosting cannot take them."""
    return np.asarray(np.isnan(values).all(axis=0))


def _distinct_gaps(values: NDArray[Any]) -> list[int]:
    """Columns whose missing values say something, one of those that are missing together."""
    missing = np.isnan(values)
    shares = missing.mean(axis=0)
    seen: dict[bytes, int] = {}
    for column in np.flatnonzero((shares > 0) & (shares < 1)).tolist():
        seen.setdefault(np.packbits(missing[:, column]).tobytes(), column)
    return list(seen.values())


def fit_trees(
    values: NDArray[Any],
    label: NDArray[np.bool_],
    weight: Numbers,
    columns: Sequence[Column],
    grouped: Grouping,
    *,
    trees: int,
    seed: int,
) -> HistGradientBoostingClassifier:
    """Grow boosted trees: monotonic in each metric's bad direction, each path within one group and the volume."""
    model = HistGradientBoostingClassifier(
        max_iter=trees,
        learning_rate=LEARNING_RATE,
        max_leaf_nodes=15,
        max_features=COLUMN_SHARE,
        min_samples_leaf=40,
        l2_regularization=5.0,
        early_stopping=False,
        monotonic_cst=[column.sign for column in columns],
        interaction_cst=grouped.constraints(),
        random_state=seed,
    )
    drawn = _drawn(weight, seed)
    table = values[drawn]
    table[:, empty(table)] = 0.0
    with threadpool_limits(ONE_THREAD):
        return model.fit(table, label[drawn])


def _drawn(weight: Numbers, seed: int) -> NDArray[np.int64]:
    """Rows in place of weights: each as often as it weighs, a fraction by lot.

    scikit-learn 1.9 finds the bins of weighted rows by weighted percentiles, which takes minutes where the fit takes
    seconds.
    """
    whole = np.floor(weight)
    times = whole + (np.random.default_rng(seed).random(len(weight)) < weight - whole)
    return np.repeat(np.arange(len(weight)), times.astype(np.int64))


def plain(model: HistGradientBoostingClassifier, grouped: Grouping, values: NDArray[Any], kept: int) -> Trees:
    """Take the first `kept` trees out of a fitted model, and see on `values` that they say the same.

    The nodes are private to scikit-learn: should they change, this fails where a model is trained, never where it
    serves.
    """
    forest = [tree.nodes for (tree,) in model._predictors[:kept]]  # noqa: SLF001
    first = np.cumsum([0, *(len(nodes) for nodes in forest)])[:-1]
    nodes = np.concatenate(forest)
    start = np.repeat(first, [len(tree) for tree in forest]).astype(np.int32)
    leaf, here = nodes["is_leaf"].astype(bool), np.arange(len(nodes))
    found = Trees(
        roots=first.astype(np.int32),
        feature=np.where(leaf, 0, nodes["feature_idx"]).astype(np.int32),
        threshold=np.asarray(nodes["num_threshold"], np.float64),
        left=np.where(leaf, here, nodes["left"] + start).astype(np.int32),
        right=np.where(leaf, here, nodes["right"] + start).astype(np.int32),
        gap_left=nodes["missing_go_to_left"].astype(bool),
        value=np.where(leaf, nodes["value"], 0.0),
        group=np.concatenate([_owners(tree, grouped) for tree in forest]),
        depth=int(nodes["depth"].max()),
        base=float(np.ravel(model._baseline_prediction)[0]),  # noqa: SLF001
    )
    sample = values[:: max(1, len(values) // 1_000)]
    ours = found.contributions(sample, len(grouped.names)).sum(axis=1) + found.base
    theirs = next(islice(model.staged_decision_function(sample), kept - 1, None))
    assert np.allclose(ours, theirs, rtol=0, atol=1e-9), "the trees were read wrongly"
    return found


def _owners(nodes: NDArray[Any], grouped: Grouping) -> NDArray[np.int32]:
    """The group of each leaf of a tree, by the questions on its path; -1 for inner nodes and an unsplit root."""
    owners = np.full(len(nodes), -1, np.int32)
    waiting: list[tuple[int, tuple[int, ...]]] = [(0, ())]
    while waiting:
        node, asked = waiting.pop()
        if nodes["is_leaf"][node]:
            owners[node] = grouped.owner(asked)
        else:
            asked = (*asked, int(nodes["feature_idx"][node]))
            waiting += [(int(nodes["left"][node]), asked), (int(nodes["right"][node]), asked)]
    return owners
