"""Learn which items bring complaints, and say for each snapshot what its items promise.

A complaint that came in with an observation on an item (a bad rating, a ticket) speaks of that item. The others are
shared out among the items that were live: by what the model thinks of them, which is learned from how they were shared
out; two rounds, beginning with equal shares. What no live item explains is left to the account's other features.

A model that learns from a column must not know its labels already, or it trusts the column too much. So items of
training weeks are judged by a model that learned from other accounts, and items of later weeks by one that learned
only from what was known before the validation, or the test, began. The model that serves has seen everything.

Measured on the real data, average precision of the validation weeks: the account's features alone .7126 (log loss
.2760), with its items .7364 (.2627); on the test weeks .789 instead of .767. `items:expected` alone ranks them at .739.
Of what was tried, each by that one column: a Poisson model of the count of complaints .735 against .736; without `left`
.729; items live for 21, 30, 45 or 90 days instead of 60 .718, .727, .727 and .725 against .727 (Poisson, without
`left`). Left out, since they added .001 or less: the account's complaints, age, levels and number of items beside the
trail, the weekday on which an item began, twice as many rows.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from service.scoring import items
from service.scoring.definitions import Definition
from service.scoring.items import ItemModel
from service.scoring.past import DAY, Frame, History
from service.scoring.trained import sigmoid
from service.scoring.trees import Trees
from training import fitting, outcomes

# Items of an account that are looked at, rows of items that are kept in memory (300 MB), and that one fit learns from.
MOST, MOST_ROWS, FIT_ROWS = 200, 2_000_000, 150_000
FEWEST = 10
TREES, LEARNING_RATE = 80, 0.075
# Rows of items that brought a complaint, below which there is nothing to learn.
LEAST_POSITIVES = 50
# Of the live items, how many were seen more than once: below it they are single events, and nothing is under way.
LEAST_FOLLOWED = 0.1
FOLDS, ROUNDS = 2, 2

Numbers = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Followed:
    """`values`: float32 (snapshots, columns) for `items.STATS`. `model` serves; it learned from `rows` items in all."""

    values: NDArray[np.float32]
    model: ItemModel
    rows: int


@dataclass(frozen=True)
class _Table:
    """All items of all snapshots. `row`: the snapshot; `brings`: the share of a complaint within the horizon."""

    row: Ints
    account: Ints
    as_of: Ints
    values: NDArray[np.float32]
    stands_for: Numbers
    brings: Numbers


class Follower:
    """Collects the items of all snapshots, a batch of accounts at a time, then learns from them."""

    def __init__(self, carrying: Sequence[Definition], horizon_days: int, batches: int) -> None:
        self._carrying = carrying
        self._horizon_days = horizon_days
        self._batches = batches
        self._most = MOST
        self._tables: list[_Table] = []
        self._loose: list[Ints] = []
        self._snapshots = 0

    def add(self, past: History, snapshots: Frame) -> None:
        """Follow the items of the next snapshots."""
        found = items.trails(past.observations, snapshots, self._carrying, self._most)
        expected = len(found.row) * self._batches
        if not self._tables and expected > MOST_ROWS:
            self._most = max(FEWEST, MOST * MOST_ROWS // expected)
            found = items.trails(past.observations, snapshots, self._carrying, self._most)
        account, as_of = snapshots["account"].to_numpy(), snapshots["as_of"].to_numpy()
        named, loose = outcomes.named(past, self._carrying, found.items)
        brings = outcomes.follows(found.item, as_of[found.row], named, self._horizon_days)
        self._tables.append(
            _Table(
                found.row + self._snapshots,
                account[found.row],
                as_of[found.row],
                found.values,
                found.stands_for,
                brings.astype(np.float64),
            )
        )
        self._loose.append(outcomes.count(account, as_of, loose, self._horizon_days))
        self._snapshots += len(snapshots)

    def learn(self, edges: Sequence[int], seed: int) -> Followed | None:
        """Fit the models and judge each snapshot's items.

        `edges`: when the validation and the test begin, in microseconds. None where there is nothing to follow: no
        items, single events only, or too few that brought a complaint.
        """
        table, loose = self._collected()
        if not _under_way(table):
            return None
        fit = _Fit([trace.sign for trace in items.traces(self._carrying)], seed)
        if loose.any():
            table = _shared_out(table, loose, fit)
        honest = list(_honest(table, edges, self._horizon_days * DAY))
        if min(table.brings[learned].sum() for learned, _ in honest) < LEAST_POSITIVES:
            return None
        chance = np.zeros(len(table.row))
        for learned, judged in honest:
            chance[judged] = fit.grown(table, learned).chance(table.values[judged])
        alike, everything = _weighted_median(chance, table.brings), np.ones(len(table.row), dtype=bool)
        model = ItemModel(
            metrics=tuple(metric.key for metric in self._carrying),
            trees=fit.grown(table, everything).plain(table.values),
            alike=alike,
            most=self._most,
        )
        found = items.summed(table.row, table.values, table.stands_for, chance, alike=alike, snapshots=self._snapshots)
        values = np.column_stack([found[stat] for stat in items.STATS]).astype(np.float32)
        return Followed(values, model, len(table.row))

    def _collected(self) -> tuple[_Table, Ints]:
        parts = [vars(table).values() for table in self._tables]
        return _Table(*(np.concatenate(pieces) for pieces in zip(*parts, strict=True))), np.concatenate(self._loose)


@dataclass(frozen=True)
class _Fit:
    """How the trees are grown: monotonic in each metric's bad direction, from a bounded number of rows."""

    signs: Sequence[int]
    seed: int

    def grown(self, table: _Table, rows: Flags, most: int = FIT_ROWS) -> "_Grown":
        """Grow trees on all rows that brought a complaint, and of the others on as many as there is room for.

        A share of a complaint is one by lot. What is left out of the others is made up for by `shift`.
        """
        draw = np.random.default_rng(self.seed)
        label = draw.random(len(table.brings)) < table.brings
        some, none = np.flatnonzero(rows & label), np.flatnonzero(rows & ~label)
        kept = draw.permutation(none)[: max(most - len(some), len(some))]
        places = np.sort(np.concatenate([some, kept]))
        model = HistGradientBoostingClassifier(
            max_iter=TREES,
            learning_rate=LEARNING_RATE,
            max_leaf_nodes=15,
            max_depth=6,
            min_samples_leaf=40,
            l2_regularization=5.0,
            early_stopping=False,
            monotonic_cst=self.signs,
            random_state=self.seed,
        )
        with threadpool_limits(fitting.ONE_THREAD):
            return _Grown(model.fit(table.values[places], label[places]), math.log(len(kept) / len(none)))


@dataclass(frozen=True)
class _Grown:
    """Trees and what has to be added to their log-odds."""

    model: HistGradientBoostingClassifier
    shift: float

    def chance(self, values: NDArray[np.float32]) -> Numbers:
        with threadpool_limits(fitting.ONE_THREAD):
            return sigmoid(self.model.decision_function(values) + self.shift)

    def plain(self, values: NDArray[np.float32]) -> Trees:
        """The trees as plain arrays; they are held against the model on some of the values."""
        whole = fitting.Grouping(("item",), (tuple(range(values.shape[1])),), frozenset())
        trees = fitting.plain(self.model, whole, values, TREES)
        return replace(trees, base=trees.base + self.shift)


def _honest(table: _Table, edges: Sequence[int], horizon: int) -> Iterator[tuple[Flags, Flags]]:
    """Pairs of rows to learn from and rows to judge by what was learned."""
    first = table.as_of < edges[0]
    known = table.as_of <= edges[0] - horizon
    for fold in range(FOLDS):
        of_fold = table.account % FOLDS == fold
        yield known & ~of_fold, first & of_fold
    for edge, end in zip(edges, [*edges[1:], None], strict=True):
        judged = table.as_of >= edge
        yield table.as_of <= edge - horizon, judged if end is None else judged & (table.as_of < end)


def _shared_out(table: _Table, loose: Ints, fit: _Fit) -> _Table:
    """Share the complaints that name no item out among the live ones; some stay with the account itself."""
    everything = np.ones(len(table.row), dtype=bool)
    snapshots = len(loose)
    chance, base = np.full(len(table.row), 0.01), 0.01
    known = table.brings
    for _ in range(ROUNDS):
        total = base + np.bincount(table.row, chance * table.stands_for, snapshots)
        mine = chance * (loose / total)[table.row]
        table = replace(table, brings=np.minimum(known + mine, 1.0))
        base = float((loose * base / total).mean())
        chance = fit.grown(table, everything, FIT_ROWS // 3).chance(table.values)
    return table


def _under_way(table: _Table) -> bool:
    """Whether enough of the items were seen more than once: age and time since last seen differ."""
    return len(table.row) > 0 and bool((table.values[:, 0] > table.values[:, 1]).mean() >= LEAST_FOLLOWED)


def _weighted_median(numbers: Numbers, weight: Numbers) -> float:
    order = np.argsort(numbers, kind="stable")
    return float(numbers[order][np.searchsorted(np.cumsum(weight[order]), weight.sum() / 2)])
