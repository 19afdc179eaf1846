"""From a dataset to a model: drop what says nothing, fit, choose on later weeks, calibrate where it helps, refit."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from service.scoring.features import Column
from service.scoring.linear import Linear
from service.scoring.trained import Blend, sigmoid
from service.scoring.trees import Trees
from training import checks, fitting
from training.checks import LEAST_POSITIVES
from training.dataset import Dataset

# Fewer complaints than that before the validation: trees learn noise (measured: .61 against the linear model's .65).
TREE_POSITIVES = 100
STRENGTHS = (0.001, 0.01, 0.1)
SHARES = (1.0, 0.5, 0.0)
KINDS = {1.0: "linear", 0.5: "blend", 0.0: "trees"}
# The log loss must fall by this share before a calibration is believed.
WORTH_CALIBRATING = 0.005

Rows = NDArray[np.bool_]
Numbers = NDArray[np.float64]
Step = Callable[[str], None]


@dataclass(frozen=True)
class Recipe:
    """What the validation chose. `share` is the linear part's; `slope` and `shift` calibrate."""

    columns: tuple[Column, ...]
    strength: float
    trees: int
    share: float
    slope: float
    shift: float
    seed: int
    why: str
    dropped: tuple[str, ...]

    def as_card(self) -> dict[str, object]:
        facts = asdict(self)
        del facts["columns"]
        return facts | {"dropped": list(self.dropped)}


def choose(data: Dataset, train: Rows, validation: Rows, *, seed: int, step: Step) -> tuple[Recipe, Blend]:
    """Fit the candidates on the training rows and pick by log loss on the validation rows.

    Returns the recipe and the model fitted by it on the training rows alone.

    Raises:
        TrainingRefused: too few complaints, or a metric that knows the answer.
    """
    checks.enough(data, train, validation)
    columns, dropped = checks.telling(data, train)
    early, later = _part(data, columns, train), _part(data, columns, validation)
    checks.no_leak(columns, later.values, later.label)
    step("linear part")
    strength, linear = _best_linear(columns, early, later)
    alone = _blend(data, columns, early.values, linear=linear, trees=None, share=1.0)
    blend, trees, log_odds = alone, 0, alone.log_odds(later.values)
    positives = int(early.label.sum())
    why = f"linear only: {positives} account-weeks with a complaint to learn from, trees need {TREE_POSITIVES}"
    if positives >= TREE_POSITIVES:
        step("trees")
        trees, grown = _best_trees(data, columns, early, later, seed)
        step("choice")
        other = _blend(data, columns, early.values, linear=None, trees=grown, share=0.0)
        blend, log_odds, why = _mixed(alone, other, later)
    slope, shift = calibration(log_odds, later.label, later.weight, later.as_of)
    blend = replace(blend, slope=slope, shift=shift)
    return Recipe(columns, strength, trees, blend.share, slope, shift, seed, why, dropped), blend


def fit(data: Dataset, rows: Rows, recipe: Recipe) -> Blend:
    """Fit a model by a recipe on some rows. The same rows, recipe and seed give the same model."""
    part = _part(data, recipe.columns, rows)
    linear = trees = None
    if recipe.share > 0:
        table = fitting.Table.of(part.values)
        linear = fitting.fit_linear(table, part.label, part.weight, recipe.columns, recipe.strength)
    if recipe.share < 1:
        grouped = _grouped(data, recipe.columns)
        grown = fitting.fit_trees(
            part.values, part.label, part.weight, recipe.columns, grouped, trees=recipe.trees, seed=recipe.seed
        )
        trees = fitting.plain(grown, grouped, part.values, recipe.trees)
    blend = _blend(data, recipe.columns, part.values, linear=linear, trees=trees, share=recipe.share)
    return replace(blend, slope=recipe.slope, shift=recipe.shift)


def calibration(
    log_odds: Numbers, label: NDArray[np.bool_], weight: Numbers, as_of: NDArray[np.int64]
) -> tuple[float, float]:
    """Slope and shift of the log-odds that calibrate; (1, 0) unless they help later than where they were found.

    They are found on the earlier half of the weeks and must lower the log loss of the later half.
    """
    middle = np.median(np.unique(as_of))
    early, late = as_of <= middle, as_of > middle
    if min(label[early].sum(), label[late].sum()) < LEAST_POSITIVES:
        return 1.0, 0.0
    slope, shift = _platt(log_odds[early], label[early], weight[early])
    as_it_comes = log_loss(label[late], weight[late], sigmoid(log_odds[late]))
    calibrated = log_loss(label[late], weight[late], sigmoid(slope * log_odds[late] + shift))
    if calibrated > as_it_comes * (1 - WORTH_CALIBRATING):
        return 1.0, 0.0
    return _platt(log_odds, label, weight)


def log_loss(label: NDArray[np.bool_], weight: Numbers, risk: Numbers) -> float:
    """Mean negative log-likelihood; each row counts by its weight."""
    bounded = np.clip(risk, 1e-9, 1 - 1e-9)
    return float(-np.average(np.where(label, np.log(bounded), np.log(1 - bounded)), weights=weight))


@dataclass(frozen=True)
class _Part:
    values: NDArray[np.float32]
    label: NDArray[np.bool_]
    weight: Numbers
    as_of: NDArray[np.int64]


def _part(data: Dataset, columns: tuple[Column, ...], rows: Rows) -> _Part:
    return _Part(data.pick(columns)[rows], data.label[rows], data.weight[rows], data.as_of[rows])


def _grouped(data: Dataset, columns: tuple[Column, ...]) -> fitting.Grouping:
    return fitting.grouping(columns, [definition.key for definition in data.exposures])


def _blend(
    data: Dataset,
    columns: tuple[Column, ...],
    values: NDArray[np.float32],
    *,
    linear: Linear | None,
    trees: Trees | None,
    share: float,
) -> Blend:
    grouped = _grouped(data, columns)
    names = tuple(column.name for column in columns)
    blend = Blend(
        names,
        grouped.names,
        grouped.members,
        linear=linear,
        trees=trees,
        share=share,
        centre=np.zeros(len(grouped.names)),
    )
    return replace(blend, centre=blend.contributions(values).mean(axis=0))


def _mixed(linear: Blend, trees: Blend, later: _Part) -> tuple[Blend, Numbers, str]:
    """Mix the two parts so that the later rows fit best: the blend, its log-odds of those rows, and why."""
    one, other = linear.log_odds(later.values), trees.log_odds(later.values)
    tried = {share: share * one + (1 - share) * other for share in SHARES}
    losses = {share: log_loss(later.label, later.weight, sigmoid(tried[share])) for share in SHARES}
    best = min(SHARES, key=lambda share: losses[share])
    told = ", ".join(f"{KINDS[share]} {losses[share]:.4f}" for share in SHARES)
    centre = best * linear.centre + (1 - best) * trees.centre
    blend = replace(linear, trees=trees.trees, share=best, centre=centre)
    return blend, tried[best], f"{KINDS[best]} has the least log loss on the validation weeks ({told})"


def _best_linear(columns: tuple[Column, ...], early: _Part, later: _Part) -> tuple[float, Linear]:
    table = fitting.Table.of(early.values)
    fitted = {
        strength: fitting.fit_linear(table, early.label, early.weight, columns, strength) for strength in STRENGTHS
    }
    everything = [range(len(columns))]
    losses = {}
    for strength, linear in fitted.items():
        raw = linear.contributions(later.values, everything)[:, 0] + linear.intercept
        losses[strength] = log_loss(later.label, later.weight, sigmoid(raw))
    best = min(STRENGTHS, key=lambda strength: losses[strength])
    return best, fitted[best]


def _best_trees(data: Dataset, columns: tuple[Column, ...], early: _Part, later: _Part, seed: int) -> tuple[int, Trees]:
    """Grow many trees and keep as many of the first as do best on the later rows."""
    grouped = _grouped(data, columns)
    grown = fitting.fit_trees(
        early.values, early.label, early.weight, columns, grouped, trees=fitting.MOST_TREES, seed=seed
    )
    losses = [log_loss(later.label, later.weight, sigmoid(raw)) for raw in grown.staged_decision_function(later.values)]
    best = int(np.argmin(losses)) + 1
    return best, fitting.plain(grown, grouped, early.values, best)


def _platt(log_odds: Numbers, label: NDArray[np.bool_], weight: Numbers) -> tuple[float, float]:
    fitted = LogisticRegression(C=np.inf).fit(log_odds[:, None], label, sample_weight=weight)
    slope = float(fitted.coef_[0, 0])
    # A model that ranks upside down is not calibrated into one that ranks well.
    return (slope, float(fitted.intercept_[0])) if slope > 0 else (1.0, 0.0)
