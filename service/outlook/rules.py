"""The told-first ledger: was the rep told before the client complained? Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from uuid import UUID

from models import Resolution
from service.kit import working

# A mail that comes later than this after the complaint has nothing to do with it.
LATE_WINDOW = timedelta(days=7)


class Verdict(StrEnum):
    """What a complaint says about us."""

    TOLD_FIRST = "told_first"
    TOLD_LATE = "told_late"
    NOT_TOLD = "not_told"
    MISSED = "missed"


class Outcome(StrEnum):
    """What became of an alert's prediction. `quiet` is no proof of error: the fix may have kept the client quiet."""

    RIGHT = "right"
    QUIET = "quiet"
    WRONG = "wrong"
    PENDING = "pending"


@dataclass(frozen=True)
class Raised:
    """An alert, as far as the ledger cares."""

    id: UUID
    account_id: int
    opened_at: datetime
    resolved_at: datetime | None
    resolution: Resolution | None

    def live_at(self, moment: datetime) -> bool:
        return self.opened_at <= moment and (self.resolved_at is None or self.resolved_at > moment)


@dataclass(frozen=True)
class Told:
    """A heads-up mail that was sent, and the time zone of the rep who got it."""

    alert_id: UUID
    sent_at: datetime
    time_zone: str


@dataclass(frozen=True)
class Judged:
    """A complaint's verdict. `told_at` is of the first mail that counts, the head start in the rep's working hours."""

    verdict: Verdict
    alert_id: UUID | None = None
    alert_opened_at: datetime | None = None
    told_at: datetime | None = None
    head_start_hours: float | None = None


def judge(complained_at: datetime, alerts: Sequence[Raised], mails: Sequence[Told], horizon: timedelta) -> Judged:
    """Hold a complaint against its account's alerts and the mails about them, each oldest first.

    An alert counts if it opened within the horizon before the complaint or was live when it came. A mail counts if it
    is about an alert that opened before the complaint, and was sent within the horizon before it or while live alert.
    """
    before = {alert.id: alert for alert in alerts if alert.opened_at <= complained_at}
    mails = [mail for mail in mails if mail.alert_id in before]
    for mail in mails:
        alert = before[mail.alert_id]
        fresh = mail.sent_at >= complained_at - horizon or alert.live_at(complained_at)
        if mail.sent_at < complained_at and fresh:
            hours = working.hours_between(mail.sent_at, complained_at, mail.time_zone)
            return Judged(Verdict.TOLD_FIRST, alert.id, alert.opened_at, mail.sent_at, hours)
    counting = [
        alert for alert in before.values() if alert.opened_at >= complained_at - horizon or alert.live_at(complained_at)
    ]
    if not counting:
        return Judged(Verdict.MISSED)
    ids = {alert.id for alert in counting}
    for mail in mails:
        if mail.alert_id in ids and complained_at <= mail.sent_at <= complained_at + LATE_WINDOW:
            alert = before[mail.alert_id]
            return Judged(Verdict.TOLD_LATE, alert.id, alert.opened_at, mail.sent_at)
    return Judged(Verdict.NOT_TOLD, counting[-1].id, counting[-1].opened_at)


def outcome(alert: Raised, complaints: Sequence[datetime], horizon: timedelta, *, now: datetime) -> Outcome:
    """Say whether an alert was right. A complaint decides, even against an operator who called it wrong."""
    until = alert.opened_at + horizon
    if any(alert.opened_at < moment and (moment <= until or alert.live_at(moment)) for moment in complaints):
        return Outcome.RIGHT
    if alert.resolution is Resolution.WRONG:
        return Outcome.WRONG
    return Outcome.PENDING if now < until else Outcome.QUIET


@dataclass(frozen=True)
class Tally:
    """A count of verdicts and outcomes over some time."""

    complaints: int
    told_first: int
    told_late: int
    not_told: int
    missed: int
    told_first_rate: float | None
    head_start_hours_median: float | None
    alerts: int
    right: int
    quiet: int
    wrong: int
    pending: int
    right_rate: float | None


def tally(verdicts: Sequence[Judged], outcomes: Sequence[Outcome]) -> Tally:
    """Count. Rates are shares in [0, 1], None where there is nothing to divide by; `pending` alerts are left out."""
    said = [judged.verdict for judged in verdicts]
    starts = [judged.head_start_hours for judged in verdicts if judged.head_start_hours is not None]
    decided = len(outcomes) - outcomes.count(Outcome.PENDING)
    return Tally(
        complaints=len(said),
        told_first=said.count(Verdict.TOLD_FIRST),
        told_late=said.count(Verdict.TOLD_LATE),
        not_told=said.count(Verdict.NOT_TOLD),
        missed=said.count(Verdict.MISSED),
        told_first_rate=said.count(Verdict.TOLD_FIRST) / len(said) if said else None,
        head_start_hours_median=median(starts) if starts else None,
        alerts=len(outcomes),
        right=outcomes.count(Outcome.RIGHT),
        quiet=outcomes.count(Outcome.QUIET),
        wrong=outcomes.count(Outcome.WRONG),
        pending=outcomes.count(Outcome.PENDING),
        right_rate=outcomes.count(Outcome.RIGHT) / decided if decided else None,
    )
