"""A simulated company whose operations acts: its weeks, what was done in them, and the truth that no user has."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert

from benchmarks.stored import store
from models import Alert, AlertEvent, Resolution, ScoreDay
from service.alerts.interventions import Happened, Story, interventions
from service.kit.database import Database, Session
from service.scoring.history import micros
from service.scoring.past import DAY
from training import effect, feedback
from training.dataset import Complaints
from training.simulate import Company, simulate
from training.simulated_clients import HORIZON_DAYS, Care

UNTIL = date(2026, 3, 1)
MODEL = "shown"
EPOCH = date(1970, 1, 1)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def company_with_care(accounts: int, days: int, effect: float = 0.3, seed: int = 1) -> Company:
    """Operations begins to act after a quarter of the time."""
    care = Care(from_day=days // 4, effect=effect, seed=seed)
    return simulate(accounts=accounts, days=days, until=UNTIL, seed=seed, care=care)


@dataclass(frozen=True)
class Weeks:
    """Weekly snapshots without features: what weights are made from. `truth` is the risk if nobody acts."""

    account: Ints
    as_of: Ints
    label: NDArray[np.bool_]
    weight: Floats
    complaints: Complaints
    horizon: int
    truth: Floats
    seen: Floats


def weeks(company: Company) -> tuple[Weeks, feedback.Feedback]:
    """All weeks of the time in which operations acted, without a database; and what it did."""
    cared, start = company.cared, (first_day(company) - EPOCH).days
    began = np.flatnonzero(np.isfinite(cared.seen).any(axis=1))[0]
    mondays = [day for day in range(began, len(cared.seen) - HORIZON_DAYS) if (start + day) % 7 == 4]
    day, place = (grid.ravel() for grid in np.meshgrid(mondays, np.arange(len(company.accounts)), indexing="ij"))
    known = np.isfinite(cared.untreated[day, place]) & np.isfinite(cared.seen[day, place])
    day, place = day[known], place[known]
    as_of, complaints, horizon = (start + day) * DAY, _complaints(company), HORIZON_DAYS * DAY
    label = feedback.first_after(place + 1, as_of, complaints) <= as_of + horizon
    ones = np.ones(len(day))
    found = Weeks(
        place + 1, as_of, label, ones, complaints, horizon, cared.untreated[day, place], cared.seen[day, place]
    )
    acted = interventions(_stories(company), now=datetime.combine(UNTIL, time(), UTC))
    through = int(start + len(cared.seen)) * DAY
    return found, feedback.Feedback(feedback.spans(acted), feedback.spans([]), effect.Days.of(_days(company), through))


def _complaints(company: Company) -> Complaints:
    place = {str(row["account_id"]): number for number, row in enumerate(company.accounts, start=1)}
    rows = sorted(
        (place[row["account_id"]], micros(datetime.fromisoformat(row["occurred_at"]))) for row in company.complaints
    )
    return Complaints(*np.array(rows, dtype=np.int64).T)


def _stories(company: Company) -> list[Story]:
    def at(day: int) -> datetime:
        return datetime.combine(first_day(company) + timedelta(days=day), time(7), UTC)

    return [
        Story(
            row["account"] + 1,
            at(row["opened"]),
            at(row["ended"]) if row["ended"] is not None else None,
            None,
            [Happened(at(row["acted"]), "acknowledged")] if _was_acted_on(row) else [],
        )
        for row in company.cared.alerts
    ]


def _was_acted_on(row: dict[str, int | None]) -> bool:
    return row["acted"] is not None and (row["ended"] is None or row["acted"] <= row["ended"])


def _days(company: Company) -> list[tuple[int, date, float, str]]:
    """What is seen in the morning is the last that was known the day before."""
    seen, first = company.cared.seen, first_day(company)
    return [
        (account + 1, first + timedelta(days=day - 1), float(seen[day, account]), MODEL)
        for day, account in np.argwhere(np.isfinite(seen)).tolist()
    ]


def load(db: Database, company: Company) -> None:
    """Write the company into an empty database, as if it had been lived through."""
    now = datetime.combine(UNTIL, time(), UTC) + timedelta(days=1)
    store(db, company, now=now)
    with db.begin() as session:
        _load_care(session, company)


def _load_care(session: Session, company: Company) -> None:
    for story in _stories(company):
        how = {"resolved_at": story.ended_at, "resolved_by": "ops", "resolution": Resolution.FIXED}
        alert = Alert(
            id=uuid4(), account_id=story.account_id, opened_at=story.opened_at, asked_at=story.opened_at,
            risk_opened=0.3, risk=0.3, line=0.2, model=MODEL, reasons=[], **(how if story.ended_at else {}),
        )  # fmt: skip
        session.add(alert)
        session.flush()
        session.add_all(AlertEvent(alert_id=alert.id, at=each.at, kind=each.kind, actor="ops") for each in story.events)
    days = [dict(zip(("account_id", "day", "risk", "model"), row, strict=True)) for row in _days(company)]
    session.execute(insert(ScoreDay), days)


def first_day(company: Company) -> date:
    return UNTIL - timedelta(days=len(company.cared.seen) - 1)
