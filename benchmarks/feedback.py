"""What it costs to ignore what operations did, measured where the truth is known.

python -m benchmarks.feedback [--accounts 200] [--days 400] [--effect 0.3] [--seeds 8]

Simulated companies whose operations acts on accounts at risk, which keeps clients from complaining. First the weeks
themselves: how many complained, how many would have, and what the weights make of it. Then models of one company,
trained in several ways on one half of its accounts, and held against the true risks of the other half. The first of
them learns from the same company where acting helps nobody: what it misses is the model's own, not the feedback's.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.stats import spearmanr

from benchmarks.cared import UNTIL, company_with_care, first_day, load, weeks
from service.kit import schema
from service.kit.database import Database, Session
from service.scoring.past import DAY
from training import backtest, checks, effect, feedback, pipeline
from training.choice import Regression
from training.dataset import Dataset
from training.recipe import Recipe
from training.simulate import Company
from training.simulated_clients import HORIZON_DAYS
from training.window import Asked

AT_RISK = 0.2

Floats = NDArray[np.float64]
Way = Callable[[Dataset], Dataset]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.feedback", description=__doc__)
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--days", type=int, default=400)
    parser.add_argument("--effect", type=float, default=0.3, help="what acting multiplies the odds of a complaint by")
    parser.add_argument("--seeds", type=int, default=8, help="companies whose weeks are looked at")
    asked = parser.parse_args()
    companies = [company_with_care(asked.accounts, asked.days, asked.effect, seed + 1) for seed in range(asked.seeds)]
    show_weeks(companies)
    show(lived(company_with_care(asked.accounts, asked.days, 1.0, 1)), lived(companies[0]))


def lived(company: Company) -> "Case":
    """A company's weeks, by way of a database."""
    with database() as db:
        load(db, company)
        with db.read() as session:
            return Case.read(session, company)


@contextmanager
def database() -> Iterator[Database]:
    with tempfile.TemporaryDirectory() as name:
        db = Database(f"sqlite:///{Path(name) / 'headsup.db'}")
        schema.upgrade(db)
        yield db
        db.close()


def show_weeks(companies: list[Company]) -> None:
    table = Table("company", "acting x", "true", "as it ended", "weighed", "at risk: true", "as it ended", "weighed",
                  title="Share of weeks with a complaint if nobody acts, and what the data say")  # fmt: skip
    found = []
    for company in companies:
        rows, told = weeks(company)
        helped = effect.estimate(told.days, told.acted, rows.complaints)
        weight = feedback.weights(rows, told, helped)
        found.append([helped.ratio])
        for some in (np.ones(len(weight), dtype=bool), rows.truth >= AT_RISK):
            weighed = float(np.average(rows.label[some], weights=weight[some]))
            found[-1] += [float(rows.truth[some].mean()), float(rows.label[some].mean()), weighed]
        table.add_row(str(len(found)), *(f"{value:.3f}" for value in found[-1]))
    table.add_row("mean", *(f"{value:.3f}" for value in np.mean(found, axis=0)))
    Console(width=150).print(table)


class Case:
    """The weeks of a company, what operations did, and the truth of each row: `truth` is NaN where nobody knows it."""

    def __init__(self, data: Dataset, told: feedback.Feedback, truth: Floats) -> None:
        self.data, self.told, self.truth = data, told, truth

    @classmethod
    def read(cls, session: Session, company: Company) -> "Case":
        now = datetime.combine(UNTIL + timedelta(days=1), time(), UTC)
        data = backtest.collect(session, Asked(), HORIZON_DAYS, now=now, progress=lambda *_: None).data
        data = replace(data, weight=np.ones(len(data.label)))
        told = feedback.read(session, data, now=now)
        assert told is not None
        day = data.as_of // DAY - (first_day(company) - date(1970, 1, 1)).days
        return cls(data, told, company.cared.untreated[day, data.account - 1])

    def risk(self, way: Way) -> Floats:
        """The risk of each row by a model that was trained, in some way, on the other half of the accounts."""
        risk = np.zeros(len(self.data.label))
        for half in (0, 1):
            there = self.data.account % 2 == half
            others = way(self.data.rows(~there))
            columns, dropped = checks.telling(others, np.ones(len(others.label), dtype=bool))
            recipe = Recipe(columns, Regression(0.01), 60, 0.5, 1.0, 0.0, seed=0, why="", dropped=dropped)
            model = pipeline.fit(others, np.ones(len(others.label), dtype=bool), recipe)
            risk[there] = model.risk(self.data.rows(there).pick(columns))
        return risk


def ignoring(data: Dataset) -> Dataset:
    """Take every week as it ended."""
    return data


def ours(told: feedback.Feedback) -> Way:
    return lambda data: feedback.believe(data, told)[0]


def without_acted_negatives(told: feedback.Feedback) -> Way:
    """Leave out what was acted on and had no complaint; complaints stay."""
    return lambda data: data.rows(data.label | ~_acted(data, told))


def without_acted(told: feedback.Feedback) -> Way:
    """Leave out whatever was acted on."""
    return lambda data: data.rows(~_acted(data, told))


def without_acted_at_once(told: feedback.Feedback) -> Way:
    """Count a week without a complaint by the share of it that passed before somebody acted."""

    def censored(data: Dataset) -> Dataset:
        ends = data.as_of + data.horizon
        days = told.acted.days()
        seen = np.ones(len(data.label))
        for row in np.flatnonzero(told.acted.meet(data.account, data.as_of, ends)).tolist():
            mine = days[1][days[0] == data.account[row]] * DAY - data.as_of[row]
            seen[row] = np.clip(mine[mine > -DAY].min() / data.horizon, 0.0, 1.0)
        came = feedback.first_after(data.account, data.as_of, data.complaints) - data.as_of
        before = data.label & (came <= seen * data.horizon)
        weight = np.where(before, 1.0, seen)
        return replace(data, label=before, weight=weight).rows(weight > 0)

    return censored


def _acted(data: Dataset, told: feedback.Feedback) -> NDArray[np.bool_]:
    return told.acted.meet(data.account, data.as_of, data.as_of + data.horizon)


def compared(truth: Floats, risk: Floats) -> dict[str, float]:
    """How far a risk is from the truth: in all, and for the accounts that are truly at risk."""
    known = np.isfinite(truth)
    truth, risk = truth[known], risk[known]
    high = truth >= AT_RISK
    order = np.argsort(risk, kind="stable")
    tenths = np.array_split(order, 10)
    gaps = [abs(risk[rows].mean() - truth[rows].mean()) * len(rows) for rows in tenths]
    top = tenths[-1]
    return {
        "true mean": float(truth.mean()),
        "bias": float(risk.mean() - truth.mean()),
        "true of the top tenth": float(truth[top].mean()),
        "bias of the top tenth": float(risk[top].mean() - truth[top].mean()),
        "bias at risk": float(risk[high].mean() - truth[high].mean()),
        "calibration error": float(sum(gaps) / len(order)),
        "rank correlation": float(spearmanr(risk, truth).statistic),
    }


def show(helpless: Case, case: Case) -> None:
    facts = feedback.believe(case.data, case.told)[1]
    ways: dict[str, Way] = {
        "ignoring it": ignoring,
        "ours: weighed": ours(case.told),
        "acted negatives dropped": without_acted_negatives(case.told),
        "acted weeks dropped": without_acted(case.told),
        "cut where acted": without_acted_at_once(case.told),
    }
    rows = {"where acting helps nobody": compared(helpless.truth, helpless.risk(ignoring))}
    rows |= {name: compared(case.truth, case.risk(way)) for name, way in ways.items()}
    table = Table(
        "way", *next(iter(rows.values())), title="Risks of one company's weeks against the truth if nobody acts"
    )
    for name, found in rows.items():
        table.add_row(name, *(f"{value:+.3f}" if "bias" in key else f"{value:.3f}" for key, value in found.items()))
    Console(width=150).print(table)
    print(facts, f"account-weeks: {len(case.data.label):,}")


if __name__ == "__main__":
    main()
