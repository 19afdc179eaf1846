"""From a dataset to a model: drop what says nothing, choose by forward chaining, fit, calibrate."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from service.scoring.features import Column
from service.scoring.linear import Linear
from service.scoring.trained import Blend
from service.scoring.trees import Trees
from training import calibration, checks, choice, fitting, folds, heads
from training import rows as lots
from training.dataset import Dataset
from training.recipe import Recipe

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
    recipe = Recipe(
        columns=columns,
        regression=chosen.regression,
        trees=chosen.trees,
        share=chosen.share,
        slope=1.0,
        shift=0.0,
        seed=seed,
        why=chosen.why,
        dropped=dropped,
        folds=tuple(chosen.folds),
    )
    step("fit for the line")
    fitted = _fit(data, train, recipe)
    # Folds of many rows learned from a few of them only: what they say is no measure of what the whole would.
    later, said = chosen.later, chosen.raw
    if train.sum() > folds.ROWS_A_FOLD:
        later = np.flatnonzero(validation)
        said = fitted.log_odds(data.pick(columns)[later])
    slope, shift = calibration.of(said, data.label[later], data.weight[later])
    return replace(recipe, slope=slope, shift=shift), replace(fitted, slope=slope, shift=shift)


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
