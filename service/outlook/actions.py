"""Read the ledger."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from service.kit.database import Session
from service.kit.errors import Invalid
from service.kit.settings import Settings
from service.outlook import queries, rules
from service.outlook.queries import Complained
from service.outlook.rules import Judged, Outcome, Raised, Tally, Told, Verdict

LONGEST = timedelta(days=1_100)
USUAL = timedelta(weeks=12)


class SpanInvalid(Invalid):
    """The outlook needs a time that begins before it ends, of at most three years."""


@dataclass(frozen=True)
class Entry:
    """A complaint and its verdict."""

    complaint: Complained
    judged: Judged


@dataclass(frozen=True)
class Week:
    """An ISO week (in UTC): complaints by when they came, alerts by when they opened."""

    name: str
    begins_on: date
    tally: Tally


@dataclass(frozen=True)
class Ledger:
    """Complaints held against what was said, in [since, until). `since` is never before Headsup began to watch."""

    since: datetime
    until: datetime
    watching_since: datetime | None
    total: Tally
    weeks: list[Week]
    entries: list[Entry]

    @property
    def missed(self) -> list[Entry]:
        """The complaints that nothing warned of, newest first."""
        return [entry for entry in reversed(self.entries) if entry.judged.verdict is Verdict.MISSED]


def read_ledger(
    session: Session, settings: Settings, *, since: datetime | None = None, until: datetime | None = None, now: datetime
) -> Ledger:
    """Judge all complaints and alerts of a time: this week and the 12 before it, unless said otherwise.

    Raises:
        SpanInvalid: it ends before it begins, or is longer than three years.
    """
    until = min(until or now, now)
    since = since or datetime.combine(_monday(until - USUAL), time(), UTC)
    if not since <= until <= since + LONGEST:
        raise SpanInvalid("Give `since` and `until` at most 1,100 days apart; `until` is now, if left out.")
    watching = queries.watching_since(session)
    since = min(max(since, watching), until) if watching else until
    horizon = timedelta(days=settings.horizon_days)
    entries, raised = _judge_all(session, horizon, since, until)
    times = queries.complaint_times(session, since=since)
    outcomes = [
        (alert, rules.outcome(alert, times.get(alert.account_id, []), horizon, now=now))
        for alert in raised
        if alert.opened_at >= since
    ]
    total = rules.tally([entry.judged for entry in entries], [outcome for _, outcome in outcomes])
    return Ledger(since, until, watching, total, _weeks(since, until, entries, outcomes), entries)


def account_verdicts(session: Session, settings: Settings, account_id: int, *, now: datetime) -> dict[int, Judged]:
    """Judge the complaints of one account, by their row's id; those from before Headsup watched are left out."""
    watching = queries.watching_since(session)
    if watching is None:
        return {}
    horizon = timedelta(days=settings.horizon_days)
    entries, _ = _judge_all(session, horizon, watching, now + timedelta(microseconds=1), account_id)
    return {entry.complaint.id: entry.judged for entry in entries}


def _judge_all(
    session: Session, horizon: timedelta, since: datetime, until: datetime, account_id: int | None = None
) -> tuple[list[Entry], list[Raised]]:
    raised = queries.alerts(session, since=since - horizon, until=until, account_id=account_id)
    told = queries.heads_ups(session, since=since - horizon, until=until, account_id=account_id)
    alerts: dict[int, list[Raised]] = defaultdict(list)
    mails: dict[int, list[Told]] = defaultdict(list)
    for alert in raised:
        alerts[alert.account_id].append(alert)
        mails[alert.account_id] += told.get(alert.id, [])
    complaints = queries.complaints(session, since=since, until=until, account_id=account_id)
    entries = [
        Entry(complaint, _judge(complaint, alerts[complaint.account_id], mails[complaint.account_id], horizon))
        for complaint in complaints
    ]
    return entries, raised


def _judge(complaint: Complained, alerts: list[Raised], mails: list[Told], horizon: timedelta) -> Judged:
    ordered = sorted(mails, key=lambda mail: mail.sent_at)
    return rules.judge(complaint.occurred_at, alerts, ordered, horizon)


def _weeks(
    since: datetime, until: datetime, entries: list[Entry], outcomes: list[tuple[Raised, Outcome]]
) -> list[Week]:
    """Every week of the time, also those in which nothing happened."""
    verdicts_of: dict[date, list[Judged]] = defaultdict(list)
    outcomes_of: dict[date, list[Outcome]] = defaultdict(list)
    for entry in entries:
        verdicts_of[_monday(entry.complaint.occurred_at)].append(entry.judged)
    for alert, outcome in outcomes:
        outcomes_of[_monday(alert.opened_at)].append(outcome)
    weeks = []
    monday = _monday(since)
    while since < until and monday <= _monday(until - timedelta(microseconds=1)):
        year, number, _ = monday.isocalendar()
        tally = rules.tally(verdicts_of[monday], outcomes_of[monday])
        weeks.append(Week(f"{year}-W{number:02d}", monday, tally))
        monday += timedelta(weeks=1)
    return weeks


def _monday(moment: datetime) -> date:
    return moment.date() - timedelta(days=moment.weekday())
