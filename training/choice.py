"""Which model: regularised logistic regression, boosted trees or their blend, chosen by forward chaining in time.

Each fold stands at a moment of the past, learns from what was known then and is judged on the weeks that followed:
half of the validation weeks a fold, as far back as there is enough to learn from. A single window would choose by its
own luck: on two hundred accounts the least log loss changes hands from month to month. The candidates' losses of all
folds are added up, so the choice is of the class, the penalty and the number of trees that did best on the whole; how
far the folds differ goes into the card. Folds learn from a sample of their rows, so that choosing stays cheap.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.scoring.definitions import LAST
from service.scoring.features import COMPLAINTS, Column
from service.scoring.past import DAY
from service.scoring.trained import sigmoid
from training import fitting
from training.checks import LEAST_POSITIVES
from training.dataset import Dataset
from training.fitting import Grouping, Table

Rows = NDArray[np.bool_]
Numbers = NDArray[np.float64]
Step = Callable[[str], None]
Penalty = tuple[float, bool]

MOST_FOLDS = 3
# Fewer complaints than that in the first fold's rows: trees learn noise (measured: .61 against the linear part's .65).
TREE_POSITIVES = 100
# scikit-learn's C, and whether the penalty spares what any company has (see `penalties`).
PENALTIES = ((0.001, True), (0.001, False), (0.01, True), (0.01, False), (0.1, False))
ANCHORED = 0.1
STAGES = (20, 35, 50, 70, 90, 120, 160)
SHARES = (1.0, 0.75, 0.5, 0.25, 0.0)
KINDS = {1.0: "linear", 0.0: "trees"}
# A fold learns from no more rows than that, drawn by lot.
ROWS_A_FOLD = 10_000


@dataclass(frozen=True)
class Fold:
    """A moment of the past: `known` rows had an outcome by then, `later` rows follow it."""

    known: Rows
    later: Rows


@dataclass(frozen=True)
class Choice:
    """What did best on the folds, and each later row's log-odds by the model of its fold (`raw`), to calibrate by.

    `strength` and `anchored` are the linear part's penalty, `share` is its share; `trees` is 0 where there are none.
    `folds` is for the card: each fold's weeks and the log loss of each kind of model in it.
    """

    strength: float
    anchored: bool
    trees: int
    share: float
    why: str
    later: NDArray[np.int64]
    raw: Numbers
    folds: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class _Tried:
    """Log-odds of a fold's later rows: by penalty, and by number of trees."""

    rows: NDArray[np.int64]
    linear: dict[Penalty, Numbers]
    trees: dict[int, Numbers]


def folds(data: Dataset, train: Rows, validation: Rows) -> list[Fold]:
    """The folds, the newest first: never fewer than the validation weeks as one."""
    rows = train | validation
    weeks = np.unique(data.as_of[rows])
    step = -(-len(np.unique(data.as_of[validation])) // 2)
    found: list[Fold] = []
    least = LEAST_POSITIVES
    for end in range(len(weeks), step, -step):
        block = weeks[end - step : end]
        fold = Fold(rows & (data.as_of <= block[0] - data.horizon), rows & np.isin(data.as_of, block))
        positives = _positives(data, fold.known)
        if positives < least or _positives(data, fold.later) < LEAST_POSITIVES // 3 or len(found) == MOST_FOLDS:
            break
        found.append(fold)
        # A fold that knew much less than is known now says little of what to choose now.
        least = max(least, positives // 2)
    return found or [Fold(train, validation)]


def choose(
    data: Dataset,
    columns: tuple[Column, ...],
    grouped: Grouping,
    chained: Sequence[Fold],
    *,
    seed: int,
    step: Step,
) -> Choice:
    """Try all candidates on all folds; the same data and seed choose the same."""
    values = data.pick(columns)
    positives = _positives(data, chained[0].known)
    with_trees = positives >= TREE_POSITIVES
    step("linear part")
    tried = [_try(data, values, columns, grouped, fold, with_trees=with_trees, seed=seed) for fold in chained]
    step("choice")
    judged = _Judged(data, tried)
    penalty = judged.best(PENALTIES, lambda part, candidate: part.linear[candidate])
    if not with_trees:
        why = f"linear only: {positives} account-weeks with a complaint to learn from, trees need {TREE_POSITIVES}"
        return judged.choice(penalty, 0, 1.0, why)
    trees = judged.best(STAGES, lambda part, candidate: part.trees[candidate])
    share = judged.best(SHARES, lambda part, candidate: _mixed(part, penalty, trees, candidate))
    told = ", ".join(f"{name} {judged.loss_of(penalty, trees, at):.4f}" for name, at in _NAMED.items())
    many = f"{len(chained)} folds" if len(chained) > 1 else "validation weeks"
    return judged.choice(penalty, trees, share, f"{kind(share)} has the least log loss on the {many} ({told})")


def penalties(data: Dataset, columns: Sequence[Column], strength: float, *, anchored: bool) -> Numbers:
    """The strength of each column. Anchored, a small one pulls towards what any company knows, not towards nothing.

    That is the account's volume and its own rate of complaints: where metrics tell little, a ranking by them is hard
    to beat, and a penalty that is strong enough to silence the metrics would silence them too.
    """
    standing = {(item.key, "last" if item.combine == LAST else "level_28") for item in data.exposures}
    spared = standing | {(COMPLAINTS, "rate"), (COMPLAINTS, "count_28")}
    known = [anchored and (column.group, column.stat) in spared for column in columns]
    return np.where(known, max(strength, ANCHORED), strength)


def kind(share: float) -> str:
    """What a model with this share of the linear part is called."""
    return KINDS.get(share, "blend")


_NAMED = {"linear": 1.0, "blend": 0.5, "trees": 0.0}


@dataclass(frozen=True)
class _Judged:
    data: Dataset
    tried: list[_Tried]

    def best(self, candidates: Sequence[Any], raw: Callable[[_Tried, Any], Numbers]) -> Any:
        """The candidate with the least log loss over the rows of all folds."""
        return min(candidates, key=lambda candidate: self.loss(lambda part: raw(part, candidate)))

    def loss(self, raw: Callable[[_Tried], Numbers]) -> float:
        rows = np.concatenate([part.rows for part in self.tried])
        return _loss(self.data, rows, np.concatenate([raw(part) for part in self.tried]))

    def loss_of(self, penalty: Penalty, trees: int, share: float) -> float:
        return self.loss(lambda part: _mixed(part, penalty, trees, share))

    def choice(self, penalty: Penalty, trees: int, share: float, why: str) -> Choice:
        shares = _NAMED if trees else {"linear": 1.0}
        rows = np.concatenate([part.rows for part in self.tried])
        raw = np.concatenate([_mixed(part, penalty, trees, share) for part in self.tried])
        facts = [
            _weeks(self.data, part.rows)
            | {name: _loss(self.data, part.rows, _mixed(part, penalty, trees, at)) for name, at in shares.items()}
            for part in self.tried
        ]
        return Choice(*penalty, trees, share, why, rows, raw, facts)


def _try(
    data: Dataset,
    values: NDArray[np.float32],
    columns: tuple[Column, ...],
    grouped: Grouping,
    fold: Fold,
    *,
    with_trees: bool,
    seed: int,
) -> _Tried:
    known, later = _drawn(fold.known, seed), np.flatnonzero(fold.later)
    early, label, weight = values[known], data.label[known], data.weight[known]
    table, everything = Table.of(early), [range(len(columns))]
    linear = {}
    for penalty in PENALTIES:
        fitted = fitting.fit_linear(
            table, label, weight, columns, penalties(data, columns, penalty[0], anchored=penalty[1])
        )
        linear[penalty] = fitted.contributions(values[later], everything)[:, 0] + fitted.intercept
    trees: dict[int, Numbers] = {}
    if with_trees and label.any():
        grown = fitting.fit_trees(early, label, weight, columns, grouped, trees=STAGES[-1], seed=seed)
        staged = enumerate(grown.staged_decision_function(values[later]), start=1)
        trees = {stage: np.asarray(raw, np.float64) for stage, raw in staged if stage in STAGES}
    return _Tried(later, linear, trees)


def _drawn(rows: Rows, seed: int) -> NDArray[np.int64]:
    """No more than ROWS_A_FOLD of the rows, in their order."""
    places = np.flatnonzero(rows)
    if len(places) <= ROWS_A_FOLD:
        return places
    return np.sort(np.random.default_rng(seed).choice(places, ROWS_A_FOLD, replace=False))


def _positives(data: Dataset, rows: Rows) -> int:
    return int((data.label[rows] & (data.weight[rows] > 0)).sum())


def _mixed(part: _Tried, penalty: Penalty, trees: int, share: float) -> Numbers:
    if share == 1.0:
        return part.linear[penalty]
    return share * part.linear[penalty] + (1 - share) * part.trees[trees]


def _loss(data: Dataset, rows: NDArray[np.int64], raw: Numbers) -> float:
    bounded = np.clip(sigmoid(raw), 1e-9, 1 - 1e-9)
    return float(-np.average(np.log(np.where(data.label[rows], bounded, 1 - bounded)), weights=data.weight[rows]))


def _weeks(data: Dataset, rows: NDArray[np.int64]) -> dict[str, Any]:
    first, last = (int(data.as_of[rows].min()), int(data.as_of[rows].max()))
    day = [str(np.datetime64(at // DAY, "D")) for at in (first, last)]
    return {"from": day[0], "to": day[1], "rows": len(rows), "with_complaint": int(data.label[rows].sum())}
