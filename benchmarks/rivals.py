"""What only the benchmark holds the model against, and what reasons cost."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from service.scoring import reasons
from service.scoring.features import Features
from service.scoring.trained import TrainedScorer
from training import baselines, card, evaluation
from training.backtest import Backtest, Material, Measures
from training.evaluation import Prediction

try:
    import lightgbm
except ImportError:
    lightgbm = None

NO_LIGHTGBM = "LightGBM is not installed, so its line is left out. To have it: pip install --group bench"
ROUNDS = 5


def logistic_plain() -> Any:
    """Logistic regression as most would write it: default penalty, no look at the tails."""
    return make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True), StandardScaler(), LogisticRegression(max_iter=1_000)
    )


def lightgbm_default(seed: int) -> Any | None:
    """LightGBM as it comes; None where it is not installed."""
    return None if lightgbm is None else lightgbm.LGBMClassifier(random_state=seed, deterministic=True, verbose=-1)


def measured(material: Material, tested: Backtest, rival: Any, *, account_only: bool = False) -> Measures:
    """Fit a rival on the rows and columns that the model was fitted on, and measure it on the same test.

    With `account_only` it does not get the columns of the items.
    """
    data, window, columns = material.data, material.window, tested.recipe.columns
    values = data.pick(baselines.of_account(columns) if account_only else columns)
    known, test = window.before_test(data), window.test(data)
    rival.fit(values[known], data.label[known])
    risk = rival.predict_proba(values[test])[:, 1].astype(np.float64)
    return evaluation.measures(tested.test, Prediction(risk, risk))


def logistic_with_items(material: Material, tested: Backtest) -> Measures:
    """The product's logistic baseline, had it the columns of the items as well."""
    known, test = material.window.before_test(material.data), material.window.test(material.data)
    told = baselines.logistic(material.data, known, test, tested.recipe, tested.recipe.columns)
    return evaluation.measures(tested.test, told)


def cost_of_reasons(material: Material, tested: Backtest) -> tuple[float, float]:
    """Times of the weights of all groups, and of the sentences made of them, against the risk alone.

    Of the same rows, the accounts of the last week; medians of some rounds, CPU seconds.
    """
    data, blend = material.data, tested.judged
    week = data.rows(data.as_of == data.as_of.max())
    typical = card.typical(data)
    scorer = TrainedScorer("benchmark", blend, data.definitions, data.prior, typical)
    built, values = Features(week.columns, week.values), week.pick(tested.recipe.columns)

    def sentences() -> None:
        judgement = scorer.judge(built)
        for row in range(len(week.label)):
            reasons.of_row(judgement, row, built.stats(row), typical, data.definitions)

    alone = _seconds(lambda: blend.risk(values))
    return _seconds(lambda: scorer.judge(built)) / alone, _seconds(sentences) / alone


def _seconds(work: Callable[[], Any]) -> float:
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return statistics.median(taken)
