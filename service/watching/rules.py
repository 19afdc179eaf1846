"""Decisions of watching: what is a loss worth a notice, what is due, what a week amounts to. Pure, without arrays."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from models import ModelDay, Retraining, RetrainingOutcome, WatchDay

# Estimates on fewer accounts over the line are not believed.
LEAST_FLAGGED = 5
# A loss must be seen so many days in a row before people are called, and be half gone before they are let go.
DAYS_IN_A_ROW, CALM = 3, 0.5
Z = 1.64
# Trouble comes in waves that hit many accounts at once: outcomes of fewer days are believed of nothing.
LEAST_LIVED_DAYS = 14
EVIDENCE_DAYS = 28
# A group of features has moved from this PSI on, or where it lacks at so much more of the accounts than it did.
MOVED, MUCH_MISSING = 0.25, 0.2
# Log-odds that are worth a word: they move a risk of 50 % by two points.
LEAST_PUSH = 0.08
# Of what the risks say together: the share by which more or fewer may complain before people are called.
OFF_LEVEL = 0.3
LEASE = timedelta(minutes=2)
MOST_TRIES = 3
AGAIN = {
    RetrainingOutcome.DONE: timedelta(),
    RetrainingOutcome.FAILED: timedelta(days=1),
    RetrainingOutcome.REFUSED: timedelta(days=7),
}


@dataclass(frozen=True)
class Span:
    """Some days of a model together. `right` is the precision at the line, between `low` and `high` (90 %).

    Accounts that operations acted on are left out of all figures: `acted_on` of them, one an account and day.
    """

    first: date
    last: date
    days: int
    scored: int
    acted_on: int
    said: float | None
    complained: float | None
    over: int
    right: float | None
    low: float | None
    high: float | None
    top_right: float | None
    average_precision: float | None
    calibration_error: float | None
    bins: list[list[float]]


def has_moved(group: Mapping[str, Any]) -> bool:
    """Whether the values of a group of features are no longer what they were."""
    return bool(group["psi"] >= MOVED or group["missing"] - group["missing_was"] >= MUCH_MISSING)


def span(days: Sequence[ModelDay]) -> Span:
    """Put days with known outcomes together.

    The same accounts stand over the line day after day, so the interval counts each of them once for all the days.
    """
    rows = sum(each.scored for each in days)
    over, hits = sum(each.over for each in days), sum(each.over_hits for each in days)
    top, top_hits = sum(each.top for each in days), sum(each.top_hits for each in days)
    same_bins = zip(*(day.bins for day in days), strict=True)
    bins = [[sum(column) for column in zip(*each, strict=True)] for each in same_bins]
    precisions = [each.average_precision for each in days if each.average_precision is not None]
    low, high = wilson(hits / over, over / len(days)) if over else (None, None)
    return Span(
        first=min(each.day for each in days),
        last=max(each.day for each in days),
        days=len(days),
        scored=rows,
        acted_on=sum(each.acted_on for each in days),
        said=sum(each.risk_sum for each in days) / rows if rows else None,
        complained=sum(each.complained for each in days) / rows if rows else None,
        over=over,
        right=hits / over if over else None,
        low=low,
        high=high,
        top_right=top_hits / top if top else None,
        average_precision=sum(precisions) / len(precisions) if precisions else None,
        calibration_error=sum(abs(said - hit) for _, said, hit in bins) / rows if rows else None,
        bins=bins,
    )


def weeks(days: Iterable[ModelDay]) -> list[Span]:
    """The days with known outcomes by calendar week, the oldest first."""
    found: dict[date, list[ModelDay]] = {}
    for each in days:
        if each.mature and each.scored:
            found.setdefault(each.day - timedelta(days=each.day.weekday()), []).append(each)
    return [span(found[monday]) for monday in sorted(found)]


def recent(days: Iterable[ModelDay]) -> Span | None:
    """The last four weeks with known outcomes."""
    mature = sorted((each for each in days if each.mature and each.scored), key=lambda each: each.day)
    if not mature:
        return None
    return span([each for each in mature if each.day > mature[-1].day - timedelta(days=EVIDENCE_DAYS)])


def wilson(share: float, rows: float) -> tuple[float, float]:
    """Wilson's interval of a share that was seen on so many independent rows."""
    centre = (share + Z * Z / (2 * rows)) / (1 + Z * Z / rows)
    half = Z * math.sqrt(share * (1 - share) / rows + Z * Z / (4 * rows * rows)) / (1 + Z * Z / rows)
    return max(0.0, centre - half), min(1.0, centre + half)


def expected_loss(day: WatchDay) -> float:
    """The share of precision that is expected to be lost, as estimated on a day; 0 where nobody can tell."""
    if day.expected is None or not day.promised or day.flagged < LEAST_FLAGGED:
        return 0.0
    return max(0.0, 1 - day.expected / day.promised)


def lived_loss(promised: float | None, lived: Span | None) -> tuple[float, bool]:
    """The share of precision that was lost as the outcomes tell, and whether chance can be left out."""
    if not promised or lived is None or lived.right is None or lived.high is None:
        return 0.0, False
    return max(0.0, 1 - lived.right / promised), lived.high < promised and lived.days >= LEAST_LIVED_DAYS


def off_level(lived: Span | None, limit: float) -> float | None:
    """By how much of what was said more or fewer complained; None where it is less than the limit or may be chance.

    Each account counts once for all the days.
    """
    if lived is None or not lived.said or lived.complained is None or lived.days < LEAST_LIVED_DAYS:
        return None
    low, high = wilson(lived.complained, lived.scored / lived.days)
    found = abs(lived.complained / lived.said - 1)
    return None if low <= lived.said <= high or found < limit else found


def loss(days: Sequence[WatchDay], lived: Span | None, limit: float) -> tuple[float, str] | None:
    """The loss that people should hear of, and whether it is "lived" or "expected"; `days` end with today's."""
    found, sure = lived_loss(days[-1].promised, lived)
    if sure and found >= limit:
        return found, "lived"
    last = days[-DAYS_IN_A_ROW:]
    in_a_row = all(
        each.day == days[-1].day - timedelta(days=len(last) - 1 - place) and expected_loss(each) >= limit
        for place, each in enumerate(last)
    )
    if len(last) == DAYS_IN_A_ROW and in_a_row:
        return expected_loss(days[-1]), "expected"
    return None


def is_over(days: Sequence[WatchDay], lived: Span | None, limit: float) -> bool:
    """Whether a loss that people have heard of is gone."""
    found, sure = lived_loss(days[-1].promised, lived)
    return expected_loss(days[-1]) < CALM * limit and not (sure and found >= CALM * limit)


def retraining_due(
    last: Retraining | None,
    newest_model: datetime | None,
    first_data: datetime | None,
    every_days: int,
    *,
    now: datetime,
) -> bool:
    """Whether a training should begin: the newest model is old, or there is none and enough time has passed.

    One that was refused or failed waits a week or a day; one whose trainer fell silent is taken up at once.
    """
    if every_days == 0:
        return False
    if last is not None and last.under_way:
        return last.lease_until <= now
    if last is not None and last.ended_at and last.outcome and now < last.ended_at + AGAIN[last.outcome]:
        return False
    since = newest_model or first_data
    return since is not None and now >= since + timedelta(days=every_days)
