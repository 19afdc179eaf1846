"""How well the level of the risks holds between trainings, by how outcomes are followed.

python -m benchmarks.level [DIR] [--before 2018-02-05] [--trainings 7] [--draws 6] [--json]

DIR is a data folder of Headsup (HEADSUP_DATA_DIR): it is only read. A model is trained at each of some moments, four
weeks apart, and judged on all weeks that follow it until --before (or the end of the data). Simulated years and unseen
companies are trained once each. The table has calibration error and log loss, the means over the trainings.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from benchmarks import companies, unseen
from service.commands import door
from service.kit.clock import SystemClock
from service.kit.settings import Settings
from service.scoring import recalibration
from service.scoring.trained import sigmoid
from training import backtest, calibration
from training.backtest import Backtest
from training.dataset import Dataset
from training.evaluation import Prediction, measures
from training.simulate import simulate
from training.window import Asked

# Half-lives in days and spreads; the product's own is one of them.
RULES = [(days, spread) for days in (14, 28, 56) for spread in (10.0, 0.3, 0.15)]
ACCOUNTS, DAYS = 200, 365
LEAST_VALIDATION, MOST_VALIDATION = timedelta(weeks=6), timedelta(weeks=13)
APART, FIRST = timedelta(weeks=4), timedelta(weeks=10)

Row = dict[str, float | str]


@dataclass(frozen=True)
class Judged:
    """Weeks after a training, and the log-odds of the model as it was trained."""

    test: Dataset
    log_odds: NDArray[np.float64]

    @classmethod
    def of(cls, tested: Backtest) -> "Judged":
        return cls(tested.test, tested.judged.log_odds(tested.test.pick(tested.recipe.columns)))

    def measured(self, *, followed: bool) -> tuple[float, float]:
        """Calibration error and log loss."""
        test, log_odds = self.test, self.log_odds
        if followed:
            log_odds = calibration.as_lived(log_odds, test.label, test.weight, test.as_of, test.horizon)
        found = measures(test, Prediction(log_odds, sigmoid(log_odds)))
        return float(found["calibration_error"] or 0), float(found["log_loss"] or 0)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.level", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dir", type=Path, nargs="?", metavar="DIR")
    parser.add_argument("--before", type=date.fromisoformat, help="judge on weeks before this day only")
    parser.add_argument("--trainings", type=int, default=7, help="of the company in DIR")
    parser.add_argument("--draws", type=int, default=6, help="simulated years, and unseen companies")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    sets = {
        "simulated years": [Judged.of(tested) for tested in simulated_years(asked.draws)],
        "unseen companies": [Judged.of(tested) for tested in unseen_companies(asked.draws)],
    }
    if asked.dir:
        trained = [Judged.of(tested) for tested in trainings(asked.dir, asked.before, asked.trainings)]
        sets = {f"{len(trained)} trainings": trained} | sets
    found = {name: table(judged) for name, judged in sets.items()}
    if asked.json:
        print(json.dumps(found, indent=2))
        return
    for name, rows in found.items():
        print(f"\n{name}: calibration error, log loss")
        for row in rows:
            print(f"  {row['rule']:32} {row['calibration_error']:.4f}  {row['log_loss']:.5f}")


def table(judged: list[Judged]) -> list[Row]:
    """A row for each way to follow outcomes, the first of them not at all."""
    rows = [_row("as trained", [each.measured(followed=False) for each in judged])]
    for days, spread in RULES:
        with patch.multiple(recalibration, HALF_LIFE_DAYS=days, SPREAD=spread):
            found = [each.measured(followed=True) for each in judged]
        rows.append(_row(f"half-life {days} days, spread {spread:g}", found))
    return rows


def _row(rule: str, found: list[tuple[float, float]]) -> Row:
    error, loss = np.mean(found, axis=0).tolist()
    return {"rule": rule, "calibration_error": error, "log_loss": loss}


def trainings(folder: Path, before: date | None, count: int) -> Iterator[Backtest]:
    """Models of a company trained four weeks apart, the last of them ten weeks before the end."""
    settings = Settings.load(folder)
    with closing(door.open_db(settings)) as db, db.read() as session:
        last = before and before - timedelta(days=settings.horizon_days)
        now = SystemClock().now()
        material = backtest.collect(
            session, Asked(test_to=last), settings.horizon_days, now=now, progress=lambda *_: None
        )
    whole = material.window
    for number in range(count):
        test_from = whole.test_to - FIRST - number * APART
        held_back = min(max((test_from - whole.train_from) / 3, LEAST_VALIDATION), MOST_VALIDATION)
        start = test_from - timedelta(weeks=held_back // timedelta(weeks=1))
        window = replace(whole, validate_from=start, test_from=test_from)
        print(f"training {number + 1} of {count}: {test_from:%Y-%m-%d}", file=sys.stderr, flush=True)
        yield backtest.run(replace(material, window=window), seed=0, progress=lambda *_: None)


def simulated_years(count: int) -> Iterator[Backtest]:
    """Models of simulated companies, a year each."""
    for seed in range(1, count + 1):
        yield unseen.backtested(simulate(accounts=ACCOUNTS, days=DAYS, until=unseen.UNTIL, seed=seed))


def unseen_companies(count: int) -> Iterator[Backtest]:
    """Models of so many of the unseen companies."""
    for plan in companies.PLANS[:count]:
        yield unseen.backtested(companies.make(plan, until=unseen.UNTIL, seed=11))


if __name__ == "__main__":
    main()
