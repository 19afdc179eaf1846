"""A backtest as in life: train, let the model speak for four weeks, train again on what is known by then.

A single split judges one model on all test weeks, the last of them months after it was trained. Here no model grows
older than four weeks. Each one is chosen, refitted and beaten by baselines that were learned at the same moment.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from training import backtest, evaluation
from training.backtest import Backtest, Material, Measures, Progress
from training.evaluation import Prediction
from training.window import Window

EVERY = timedelta(weeks=4)

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Rolled:
    """`pooled` is measured on all test weeks, each judged by the model of its time; its recipe is the last one.

    The questions are answered training by training only: what is unusual is learned anew each time.
    `origins` are the trainings one by one, each with the window that it saw.
    """

    pooled: Backtest
    origins: tuple[tuple[Window, Backtest], ...]


def run(material: Material, *, seed: int, progress: Progress) -> Rolled:
    """Retrain every four weeks of the test window.

    Raises:
        TrainingRefused: too few complaints, or a metric that knows the answer.
    """
    data = material.data
    windows = list(origins(material.window))
    trainings: list[tuple[Window, Backtest]] = []
    found: dict[str, tuple[Numbers, Numbers]] = {}
    for number, window in enumerate(windows):
        progress("Trainings, four weeks apart", number, len(windows))
        tested = backtest.run(replace(material, window=window), seed=seed, progress=progress)
        trainings.append((window, tested))
        rows = window.test(data)
        own = {"model": Prediction(tested.score, tested.risk), "rise": Prediction(tested.rise, tested.rise)}
        for name, told in {**own, **tested.rivals}.items():
            empty = np.full(len(data.label), np.nan)
            score, risk = found.setdefault(name, (empty, empty.copy()))
            score[rows], risk[rows] = told.score, told.risk
    progress("Trainings, four weeks apart", len(windows), len(windows))
    return Rolled(_pooled(material, trainings[-1][1], found), tuple(trainings))


def origins(whole: Window) -> Iterator[Window]:
    """The windows of the trainings: the test moves on by four weeks, validation and training follow it."""
    shift = timedelta()
    while whole.test_from + shift <= whole.test_to:
        start = whole.test_from + shift
        end = min(start + EVERY - timedelta(weeks=1), whole.test_to)
        yield replace(whole, validate_from=whole.validate_from + shift, test_from=start, test_to=end)
        shift += EVERY


def _pooled(material: Material, last: Backtest, found: dict[str, tuple[Numbers, Numbers]]) -> Backtest:
    """All test weeks in one: every row has the score of the model, or baseline, that spoke in its week.

    Even the base rate ranks then, by its moment: it falls under a ROC AUC of 0.5 where it follows a change too late.
    """
    rows = material.window.test(material.data)
    test = material.data.rows(rows)
    told = {name: Prediction(score[rows], risk[rows]) for name, (score, risk) in found.items()}
    rise, own = told.pop("rise").score, told.pop("model")
    measured: dict[str, Measures] = {name: evaluation.measures(test, each) for name, each in told.items()}
    model = evaluation.measures(test, own)
    return replace(
        last,
        test=test,
        score=own.score,
        risk=own.risk,
        rise=rise,
        model=model,
        rivals=told,
        baselines=measured,
        questions={},
    )
