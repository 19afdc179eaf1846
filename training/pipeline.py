"""From a dataset to a model: drop what says nothing, choose by forward chaining, calibrate where it helps, fit."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from service.scoring.features import Column
from service.scoring.linear import Linear
from service.scoring.trained import Blend, sigmoid
from service.scoring.trees import Trees
from training import checks, choice, fitting, folds, heads
from training import rows as lots
from training.checks import LEAST_POSITIVES
from training.dataset import Dataset
from training.recipe import Recipe

# The log loss must fall by this share before a calibration is believed.
WORTH_CALIBRATING = 0.005
# So many rows, evenly taken, say what an average account is.
CENTRE_ROWS = 5_000

Rows = NDArray[np.bool_]
Numbers = NDArray[np.float64]
Step = Callable[[str], None]


def choose(data: Dataset, train: Rows, validation: Rows, *, seed: int, step: Step) -> tuple[Recipe, Blend]:
    """Choose by forward chaining up to the end of the validation rows, and calibrate by what the folds foretold.

    Returns the recipe and the model fitted by it on the training rows alone.

    Raises:
        TrainingRefused: too few complaints, or a metric that knows the answer.
    """
    checks.enough(data, train, validation)
    columns, dropped = checks.telling(data, train)
    checks.no_leak(columns, data.pick(columns)[validation], data.label[validation])
    chained = folds.chained(data, train, validation)
    chosen = choice.choose(data, columns, _grouped(data, columns), chained, seed=seed, step=step)
    later = chosen.later
    slope, shift = calibration(chosen.raw, data.label[later], data.weight[later], data.as_of[later])
    recipe = Recipe(
        columns=columns,
        regression=chosen.regression,
        trees=chosen.trees,
        share=chosen.share,
        slope=slope,
        shift=shift,
        seed=seed,
        why=chosen.why,
        dropped=dropped,
        folds=tuple(chosen.folds),
    )
    step("fit for the line")
    return recipe, _fit(data, train, recipe)


def fit(data: Dataset, rows: Rows, recipe: Recipe) -> Blend:
    """Fit a model by a recipe on some rows, with its head. The same rows, recipe and seed give the same model."""
    return replace(_fit(data, rows, recipe), head=heads.fit(data, rows, recipe.columns, seed=recipe.seed))


def _fit(data: Dataset, rows: Rows, recipe: Recipe) -> Blend:
    learned, weight = lots.drawn(data, rows, recipe.regression.half_life_weeks, recipe.seed)
    values, label = data.pick(recipe.columns)[learned], data.label[learned]
    linear = trees = None
    if recipe.share > 0:
        each = choice.penalties(data, recipe.columns, recipe.regression)
        linear = fitting.fit_linear(fitting.Table.of(values), label, weight, recipe.columns, each)
    if recipe.share < 1:
        grouped = _grouped(data, recipe.columns)
        grown = fitting.fit_trees(values, label, weight, recipe.columns, grouped, trees=recipe.trees, seed=recipe.seed)
        trees = fitting.plain(grown, grouped, values, recipe.trees)
    blend = _blend(data, recipe.columns, values, linear=linear, trees=trees, share=recipe.share)
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
    some = values[:: max(1, len(values) // CENTRE_ROWS)]
    return replace(blend, centre=blend.contributions(some).mean(axis=0))


def _platt(log_odds: Numbers, label: NDArray[np.bool_], weight: Numbers) -> tuple[float, float]:
    fitted = LogisticRegression(C=np.inf).fit(log_odds[:, None], label, sample_weight=weight)
    slope = float(fitted.coef_[0, 0])
    # A model that ranks upside down is not calibrated into one that ranks well.
    return (slope, float(fitted.intercept_[0])) if slope > 0 else (1.0, 0.0)
