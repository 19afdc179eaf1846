"""Which model: regularised logistic regression, boosted trees or their blend, chosen by forward chaining in time.

Each fold stands at a moment of the past, learns from what was known then and is judged on the weeks that followed:
half of the validation weeks a fold, as far back as there is enough to learn from. A single window would choose by its
own luck: on two hundred accounts the least log loss changes hands from month to month. The candidates' losses of all
folds are added up, so the choice is of the class, the penalty, the memory and the number of trees that did best on the
whole; how far the folds differ goes into the card. Folds learn from a sample of their rows, so that choosing is cheap.

Memory: where the world changes, old rows mislead, and the folds cannot know of a change that is still to come. So a
model that counts rows half for each quarter of age, anchored in what any company has, is preferred to any that is
hardly better. A longer memory is a little better where nothing changes, and much worse where causes do. Before all
comes the simplest: where neither regressions nor trees lose less by reading the metrics, these are left out, lest noise
reorder the accounts.
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
from training import fitting, folds
from training import rows as lots
from training.dataset import Dataset
from training.fitting import Grouping, Table
from training.folds import Fold

Numbers = NDArray[np.float64]
Step = Callable[[str], None]

# Fewer complaints than that in the first fold's rows: trees learn noise (measured: .61 against the linear part's .65).
TREE_POSITIVES = 100
ANCHORED = 0.1
STAGES = (20, 35, 50, 70, 90, 120, 160)
SHARES = (1.0, 0.75, 0.5, 0.25, 0.0)
KINDS = {1.0: "linear", 0.0: "trees"}


@dataclass(frozen=True)
class Regression:
    """How the linear part learns: its penalty, and for how long it remembers (and with it the trees).

    `strength` is scikit-learn's C; `anchored` spares what any company has (see `penalties`); `half_life_weeks` is the
    age at which a row counts half, 0: never.
    """

    strength: float
    anchored: bool = False
    half_life_weeks: int = 0

    def __str__(self) -> str:
        memory = f"old rows half for each {self.half_life_weeks} weeks" if self.half_life_weeks else "all rows alike"
        return f"C {self.strength:g}{' anchored' if self.anchored else ''}, {memory}"


PREFERRED = Regression(0.01, anchored=True, half_life_weeks=13)
# No metric tells anything in it; what is left ranks by volume and by the own rate of complaints.
STANDING = Regression(1e-6, anchored=True)
REGRESSIONS = (
    PREFERRED,
    Regression(0.01, anchored=True, half_life_weeks=26),
    Regression(0.001, anchored=True),
    Regression(0.01, anchored=True),
    Regression(0.01),
    Regression(0.1),
    Regression(0.1, half_life_weeks=26),
)
# How much less, as a share of the log loss, another must lose to be better than the preferred one.
HARDLY_BETTER = 0.01
# Where the metrics make less difference than that, to a straight line and to trees, they are left out.
NO_BETTER = 0.001


@dataclass(frozen=True)
class Choice:
    """What did best on the folds, and each later row's log-odds by the model of its fold (`raw`), to calibrate by.

    `share` is the linear part's; `trees` is 0 where there are none.
    `folds` is for the card: each fold's weeks and the log loss of each kind of model in it.
    """

    regression: Regression
    trees: int
    share: float
    why: str
    later: NDArray[np.int64]
    raw: Numbers
    folds: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class _Tried:
    """Log-odds of a fold's later rows, by how the linear part learned, and by number of trees."""

    fold: Fold
    rows: NDArray[np.int64]
    linear: dict[Regression, Numbers]
    trees: dict[int, Numbers]


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
    positives = folds.positives(data, chained[0].known)
    step("regressions")
    judged = _Judged(data, [_try_linear(data, values, columns, fold, seed=seed) for fold in chained])
    best, how = judged.regression()
    if positives < TREE_POSITIVES:
        why = f"linear only: {positives} account-weeks with a complaint to learn from, trees need {TREE_POSITIVES}"
        return judged.without_metrics(best) or judged.choice(best, 0, 1.0, f"{why}; {how}")
    step("trees")
    for part in judged.tried:
        part.trees.update(_try_trees(data, values, columns, grouped, part, regression=best, seed=seed))
    trees = judged.best(STAGES, lambda part, candidate: part.trees[candidate])
    share = judged.best(SHARES, lambda part, candidate: _mixed(part, best, trees, candidate))
    told = ", ".join(f"{name} {judged.loss_of(best, trees, at):.4f}" for name, at in _named(share).items())
    many = f"{len(chained)} folds" if len(chained) > 1 else "validation weeks"
    why = f"{kind(share)} has the least log loss on the {many} ({told}); {how}"
    return judged.without_metrics(best, trees, share) or judged.choice(best, trees, share, why)


def penalties(data: Dataset, columns: Sequence[Column], regression: Regression) -> Numbers:
    """The strength of each column. Anchored, a small one pulls towards what any company knows, not towards nothing.

    That is the account's volume and its own rate of complaints: where metrics tell little, a ranking by them is hard
    to beat, and a penalty that is strong enough to silence the metrics would silence them too.
    """
    standing = {(item.key, "last" if item.combine == LAST else "level_28") for item in data.exposures}
    spared = standing | {(COMPLAINTS, "rate"), (COMPLAINTS, "count_28")}
    known = [regression.anchored and (column.group, column.stat) in spared for column in columns]
    return np.where(known, max(regression.strength, ANCHORED), regression.strength)


def kind(share: float) -> str:
    """What a model with this share of the linear part is called."""
    return KINDS.get(share, "blend")


def _named(share: float) -> dict[str, float]:
    """The three kinds and their shares; the blend is the one that was chosen, or the even one."""
    return {"linear": 1.0, "blend": share if 0 < share < 1 else 0.5, "trees": 0.0}


@dataclass(frozen=True)
class _Judged:
    data: Dataset
    tried: list[_Tried]

    def best(self, candidates: Sequence[Any], raw: Callable[[_Tried, Any], Numbers]) -> Any:
        """The candidate with the least log loss over the rows of all folds."""
        return min(candidates, key=lambda candidate: self.loss(lambda part: raw(part, candidate)))

    def regression(self) -> tuple[Regression, str]:
        """How the linear part reads metrics best, or the preferred way where that is hardly worse; and why."""
        losses = {each: self.loss(lambda part, each=each: part.linear[each]) for each in REGRESSIONS}  # type: ignore[misc]
        best = min(REGRESSIONS, key=lambda each: losses[each])
        if best != PREFERRED and losses[PREFERRED] <= losses[best] * (1 + HARDLY_BETTER):
            told = f"{losses[PREFERRED]:.4f} against {losses[best]:.4f} of {best}"
            return PREFERRED, f"linear part: {PREFERRED}, preferred where hardly worse than the best ({told})"
        return best, f"linear part: {best}, the least log loss of {len(REGRESSIONS)}"

    def without_metrics(self, regression: Regression, trees: int = 0, share: float = 1.0) -> Choice | None:
        """The choice to leave the metrics out, where no line and no trees that read them lose less."""
        standing = self.loss_of(STANDING, 0, 1.0)
        reading = {kind(share): self.loss_of(regression, trees, share)}
        reading |= {str(each): self.loss_of(each, 0, 1.0) for each in REGRESSIONS}
        best = min(reading, key=lambda each: reading[each])
        if standing > reading[best] * (1 + NO_BETTER):
            return None
        told = f"{standing:.4f} against {reading[best]:.4f} of {best}"
        why = f"linear only: the metrics tell no more than volume and the own rate of complaints do ({told})"
        return self.choice(STANDING, 0, 1.0, why)

    def loss(self, raw: Callable[[_Tried], Numbers]) -> float:
        rows = np.concatenate([part.rows for part in self.tried])
        return _loss(self.data, rows, np.concatenate([raw(part) for part in self.tried]))

    def loss_of(self, regression: Regression, trees: int, share: float) -> float:
        return self.loss(lambda part: _mixed(part, regression, trees, share))

    def choice(self, regression: Regression, trees: int, share: float, why: str) -> Choice:
        shares = _named(share) if trees else {"linear": 1.0}
        rows = np.concatenate([part.rows for part in self.tried])
        raw = np.concatenate([_mixed(part, regression, trees, share) for part in self.tried])
        facts = [
            _weeks(self.data, part.rows)
            | {name: _loss(self.data, part.rows, _mixed(part, regression, trees, at)) for name, at in shares.items()}
            for part in self.tried
        ]
        return Choice(regression, trees, share, why, rows, raw, facts)


def _try_linear(
    data: Dataset, values: NDArray[np.float32], columns: tuple[Column, ...], fold: Fold, *, seed: int
) -> _Tried:
    known, later = folds.drawn(fold.known, seed), np.flatnonzero(fold.later)
    table, everything = Table.of(values[known]), [range(len(columns))]
    linear = {}
    for tried in (STANDING, *REGRESSIONS):
        weight, strength = lots.weights(data, known, tried.half_life_weeks), penalties(data, columns, tried)
        fitted = fitting.fit_linear(table, data.label[known], weight, columns, strength)
        linear[tried] = fitted.contributions(values[later], everything)[:, 0] + fitted.intercept
    return _Tried(fold, later, linear, {})


def _try_trees(
    data: Dataset,
    values: NDArray[np.float32],
    columns: tuple[Column, ...],
    grouped: Grouping,
    part: _Tried,
    *,
    regression: Regression,
    seed: int,
) -> dict[int, Numbers]:
    known = folds.drawn(part.fold.known, seed)
    weight = lots.weights(data, known, regression.half_life_weeks)
    grown = fitting.fit_trees(values[known], data.label[known], weight, columns, grouped, trees=STAGES[-1], seed=seed)
    staged = enumerate(grown.staged_decision_function(values[part.rows]), start=1)
    return {stage: np.asarray(raw, np.float64) for stage, raw in staged if stage in STAGES}


def _mixed(part: _Tried, regression: Regression, trees: int, share: float) -> Numbers:
    if share == 1.0:
        return part.linear[regression]
    return share * part.linear[regression] + (1 - share) * part.trees[trees]


def _loss(data: Dataset, rows: NDArray[np.int64], raw: Numbers) -> float:
    bounded = np.clip(sigmoid(raw), 1e-9, 1 - 1e-9)
    return float(-np.average(np.log(np.where(data.label[rows], bounded, 1 - bounded)), weights=data.weight[rows]))


def _weeks(data: Dataset, rows: NDArray[np.int64]) -> dict[str, Any]:
    first, last = (int(data.as_of[rows].min()), int(data.as_of[rows].max()))
    day = [str(np.datetime64(at // DAY, "D")) for at in (first, last)]
    return {"from": day[0], "to": day[1], "rows": len(rows), "with_complaint": int(data.label[rows].sum())}
