"""Where resampled accounts put the measures of a backtest: 95 % intervals for model, baselines and alerts."""

from dataclasses import dataclass
from typing import Any

from training import bootstrap
from training.alerting import Alerting
from training.backtest import Backtest
from training.bootstrap import Interval
from training.refusals import TrainingRefused


@dataclass(frozen=True)
class Intervals:
    """`ranking`: predictor, then measure. `alerts`: at_line or what the budget is ranked by, then share."""

    ranking: dict[str, dict[str, Interval]]
    alerts: dict[str, dict[str, Interval]]

    def ahead(self) -> dict[str, float]:
        """The share of the resamples in which the model's average precision is better, baseline by baseline."""
        model = self.ranking["model"]["average_precision"]
        others = {name: found for name, found in self.ranking.items() if name != "model"}
        return {name: bootstrap.ahead(model, found["average_precision"]) for name, found in others.items()}

    def as_dict(self) -> dict[str, Any]:
        """For `--json`: [low, high] of each."""
        told = {
            part: {name: {key: [each.low, each.high] for key, each in row.items()} for name, row in rows.items()}
            for part, rows in (("ranking", self.ranking), ("alerts", self.alerts))
        }
        return {"resamples": bootstrap.RESAMPLES, "model_ahead": self.ahead(), **told}


def of(tested: Backtest, alerts: Alerting, *, seed: int) -> Intervals:
    """Resample the accounts of a backtest.

    Raises:
        TrainingRefused: all test weeks had the same outcome, so nothing can be ranked.
    """
    test = tested.test
    if not 0 < test.label.sum() < len(test.label):
        raise TrainingRefused("The test weeks have only one outcome: there is nothing to rank. Choose other weeks.")
    scores = {"model": tested.score} | {name: told.score for name, told in tested.rivals.items()}
    ranking = {name: bootstrap.ranking(test.account, test.label, score, seed=seed) for name, score in scores.items()}
    worked = alerts.all()
    flat = {(name, key): share for name, each in worked.items() for key, share in each.shares.items()}
    found = bootstrap.shares(flat, seed=seed)
    return Intervals(
        ranking,
        {name: {key: found[name, key] for key in each.shares if (name, key) in found} for name, each in worked.items()},
    )
