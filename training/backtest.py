"""Hold a model against later weeks that it has not seen, beside its baselines."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.kit.database import Session
from service.scoring import unusual
from service.scoring.features import COMPLAINTS
from service.scoring.trained import Blend, sigmoid
from training import baselines, calibration, dataset, evaluation, feedback, pipeline, questions, window
from training.dataset import WARM_UP_DAYS, Dataset
from training.evaluation import Prediction
from training.profiles import NOTHING, Profiles
from training.questions import Answers
from training.recipe import Recipe
from training.refusals import TrainingRefused
from training.window import Asked, Window

# Told what is being done, and how much of it is done, of how much.
Progress = Callable[[str, int, int], None]
Measures = dict[str, float | None]

STEPS = ("regressions", "trees", "fit for the line", "fit for the test", "baselines", "measures")


@dataclass(frozen=True)
class Material:
    """What a training starts from."""

    data: Dataset
    window: Window
    note: str
    profiles: Profiles = NOTHING
    feedback: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Backtest:
    """What came out. `chosen_by` was fitted on the training weeks only, `judged` on all weeks before the test.

    `risk`, `rise` (the probability of more complaints than usual) and `rivals` are the predictions for the rows of
    `test`; `model` and `baselines` are their measures. The level of `risk` follows outcomes from week to week as in
    life; `score` is the same risk as the model was trained to say it, which ranks rows of different weeks.
    """

    recipe: Recipe
    chosen_by: Blend
    judged: Blend
    test: Dataset
    score: NDArray[np.float64]
    risk: NDArray[np.float64]
    rise: NDArray[np.float64]
    model: Measures
    rivals: Mapping[str, Prediction]
    baselines: dict[str, Measures]
    questions: dict[str, Answers]


def collect(session: Session, asked: Asked, horizon_days: int, *, now: datetime, progress: Progress) -> Material:
    """Read the history and compute features and labels of the weeks that can teach.

    Raises:
        TrainingRefused: there is too little of it; the detail says what to do.
    """
    known = dataset.data_range(session, horizon_days, now=now)
    start = known.first + timedelta(days=WARM_UP_DAYS)
    weeks = dataset.mondays(start, known.labels_through - timedelta(days=horizon_days))
    split = window.choose(weeks, horizon_days, asked)
    weeks = [week for week in weeks if split.train_from <= week <= split.test_to]
    data = dataset.build(
        session,
        weeks,
        horizon_days,
        edges=(split.validate_from, split.test_from),
        progress=lambda done, of: progress("Reading accounts", done, of),
    )
    if not data.definitions:
        raise TrainingRefused(
            "No metric has a direction yet: say which way is better with `headsup import metrics FILE`."
        )
    data, told = feedback.learn(session, data, now=now)
    return Material(data, split, known.note, Profiles.read(session), feedback=told)


def run(material: Material, *, seed: int, progress: Progress) -> Backtest:
    """Choose a model on the validation weeks, refit it on all weeks before the test, and measure it on the test.

    Raises:
        TrainingRefused: too few complaints, or a metric that knows the answer.
    """
    data, split = material.data, material.window

    def step(name: str) -> None:
        progress(f"Learning: {name}", STEPS.index(name), len(STEPS))

    recipe, chosen_by = pipeline.choose(data, split.train(data), split.validation(data), seed=seed, step=step)
    step("fit for the test")
    known, test = split.before_test(data), split.test(data)
    judged = pipeline.fit(data, known, recipe)
    tested = data.rows(test)
    values = tested.pick(recipe.columns)
    log_odds = judged.log_odds(values)
    score = sigmoid(log_odds)
    risk = sigmoid(calibration.as_lived(log_odds, tested.label, tested.weight, tested.as_of, tested.horizon))
    step("baselines")
    rivals = baselines.predictions(data, known, test, recipe)
    step("measures")
    measured = {name: evaluation.measures(tested, predicted) for name, predicted in rivals.items()}
    model = evaluation.measures(tested, Prediction(score, risk))
    sized = {name: rivals[name].score for name in ("volume", "scorecard")}
    rise = judged.chance(values, risk, unusual.needed(data.horizon_days * tested.stat(COMPLAINTS, "rate")))
    answers = questions.answers(data, split.train(data), test, partial(judged.chance, values, score), sized)
    progress("Learning: measures", len(STEPS), len(STEPS))
    return Backtest(recipe, chosen_by, judged, tested, score, risk, rise, model, rivals, measured, answers)


def final(material: Material, recipe: Recipe) -> Blend:
    """Refit on everything: what is shipped has seen the newest weeks too."""
    everything = np.ones(len(material.data.label), dtype=bool)
    return pipeline.fit(material.data, everything, replace(recipe))
