"""When a promise is at risk; pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from models import Better, Commitment, Danger
from service.kit.errors import Conflict, Invalid, NotFound
from service.kit.hours import A_DAY, Hours

# A week has every day of the week once. Of fewer than three measured days in a fortnight nothing is said.
RUN_DAYS, LEAST_DAYS = 7, 3
LOOK_BACK = timedelta(days=14)
# Time enough to act; earlier, an alert says nothing about a promise that names no metric.
SOON = 2
DOMINO = re.compile(r"(?:(\d{4}-\d{2}-\d{2})[\s:,]+)?(.+)")


class CommitmentNotFound(NotFound):
    """There is no such promise."""


class CommitmentClosed(Conflict):
    """The promise was kept, broken or cancelled."""


class CommitmentKnown(Conflict):
    """A promise with this id was made before."""


class TargetMissing(Invalid):
    """A promise that is held against a metric needs a target."""


@dataclass(frozen=True)
class Run:
    """The last measured whole days of a metric: `off` of `days` missed the target, the last of them with `last`."""

    days: int
    off: int
    last: float


def run_of(values: Sequence[float], better: Better | None, target: float) -> Run | None:
    """Hold the last days of a metric, oldest first, against a target; None where there is nothing to say."""
    recent = values[-RUN_DAYS:]
    if len(recent) < LEAST_DAYS or better not in {Better.LOWER, Better.HIGHER}:
        return None
    off = sum(value > target if better is Better.LOWER else value < target for value in recent)
    return Run(len(recent), off, recent[-1])


def danger(
    commitment: Commitment, run: Run | None, *, live: bool, horizon: timedelta, hours: Hours, now: datetime
) -> Danger | None:
    """Say why an open promise may not be kept.

    One with a metric is at risk while the target is missed on most of the last days, from `horizon` before it is due:
    the time over which complaints are predicted. A single bad day changes nothing, nor does a single good one. Where
    there is no metric, or too little of it, an alert speaks, once the day is near.
    """
    today = hours.day(now)
    if today > commitment.due:
        return Danger.OVERDUE
    if run is not None:
        near = commitment.due <= today + horizon
        return Danger.OFF_TARGET if near and 2 * run.off > run.days else None
    return Danger.ALERT if live and working_days(hours, today, commitment.due) <= SOON else None


def working_days(hours: Hours, today: date, due: date) -> int:
    """How many working days come after today, up to that day; more than `SOON` are not counted."""
    found, day = 0, today
    while day < due and found <= SOON:
        day += A_DAY
        found += hours.works(day)
    return found


def read_domino(text: str) -> dict[str, str | None]:
    """Read "2026-03-07 The reopening in Tegel", with or without the day."""
    match = DOMINO.fullmatch(text.strip())
    if match is None:
        return {"what": "", "on": None}
    return {"what": match[2].strip(), "on": match[1]}
