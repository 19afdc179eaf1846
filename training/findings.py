"""Everything that a backtest tells: measures, what the alerts would have come to, how sure all of it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from training import alerting, backtest, intervals, rolling
from training.alerting import Alerting, Team
from training.backtest import Backtest, Material, Progress
from training.intervals import Intervals
from training.window import Window


@dataclass(frozen=True)
class Findings:
    """`origins` are the trainings of a rolling backtest, with the windows that they saw; one training has none."""

    material: Material
    tested: Backtest
    alerts: Alerting
    intervals: Intervals
    origins: Sequence[tuple[Window, Backtest]] = ()

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        found = measured(self.material.window, self.tested)
        found |= {"alerts": self.alerts.as_dict(), "intervals": self.intervals.as_dict()}
        if self.origins:
            found["rolling"] = [measured(window, each) | {"chosen": each.recipe.why} for window, each in self.origins]
        return found


def of_one(material: Material, team: Team, *, seed: int, progress: Progress) -> Findings:
    """Train once and judge on all test weeks.

    Raises:
        TrainingRefused: too few complaints, a metric that knows the answer, or a test with only one outcome.
    """
    tested = backtest.run(material, seed=seed, progress=progress)
    alerts = alerting.of_one(material, tested, team)
    return Findings(material, tested, alerts, intervals.of(tested, alerts, seed=seed))


def of_rolling(material: Material, team: Team, *, seed: int, progress: Progress) -> Findings:
    """Train every four weeks of the test and judge each week by the model of its time.

    Raises:
        TrainingRefused: too few complaints, a metric that knows the answer, or a test with only one outcome.
    """
    rolled = rolling.run(material, seed=seed, progress=progress)
    alerts = alerting.of_rolled(material, rolled, team)
    return Findings(material, rolled.pooled, alerts, intervals.of(rolled.pooled, alerts, seed=seed), rolled.origins)


def measured(window: Window, tested: Backtest) -> dict[str, Any]:
    """What one training says, without its alerts."""
    return {
        "window": window.as_card(),
        "model": tested.model,
        "baselines": tested.baselines,
        "questions": tested.questions,
    }
