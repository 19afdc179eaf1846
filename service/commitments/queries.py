"""SQL of promises."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import joinedload

from models import Account, Alert, Combine, Commitment, CommitmentState, Metric, Observation
from service.commitments.rules import LOOK_BACK, CommitmentNotFound
from service.kit.database import Session
from service.kit.sql import batches

PER_ROUND = 500
SHOWN = 30
# Risks are told in days: more often than that nobody has to look.
LOOK_EVERY = timedelta(minutes=15)
OPEN = Commitment.state == CommitmentState.OPEN
AT_RISK = and_(OPEN, Commitment.at_risk_since.is_not(None), Commitment.calm_since.is_(None))
# Text on SQLite, a date on PostgreSQL; written alike.
_DAY = func.date(Observation.observed_at)
# A metric of an account.
Pair = tuple[int, int]


def _whole(rows: Select[Commitment]) -> Select[Commitment]:
    return rows.options(joinedload(Commitment.account).joinedload(Account.rep), joinedload(Commitment.metric))


def commitment(session: Session, commitment_id: UUID) -> Commitment:
    """A promise with account and metric.

    Raises:
        CommitmentNotFound: there is none with this id.
    """
    found = session.scalar(_whole(select(Commitment).where(Commitment.id == commitment_id)))
    if found is None:
        raise CommitmentNotFound("Look at /v1/commitments for those that there are.")
    return found


def page(
    session: Session, *, account: str | None, only: str, after: tuple[str, str] | None, limit: int
) -> list[Commitment]:
    """Promises by due day, from the one behind `after` (a day and an id)."""
    rows = select(Commitment).order_by(Commitment.due, Commitment.id).limit(limit)
    if only != "all":
        rows = rows.where(AT_RISK if only == "at_risk" else OPEN)
    if account is not None:
        mine = select(Account.id).where(Account.external_id == account)
        rows = rows.where(Commitment.account_id == mine.scalar_subquery())
    if after:
        due, last = date.fromisoformat(after[0]), UUID(after[1])
        rows = rows.where(or_(Commitment.due > due, and_(Commitment.due == due, Commitment.id > last)))
    return list(session.scalars(_whole(rows)))


def of_account(session: Session, account_id: int) -> list[Commitment]:
    """An account's promises: the open ones by due day, then those that ended, the last one first."""
    mine = _whole(select(Commitment).where(Commitment.account_id == account_id))
    return list(session.scalars(mine.order_by(~OPEN, Commitment.closed_at.desc(), Commitment.due).limit(SHOWN)))


def coming(session: Session, rep_ids: Collection[int], *, until: date) -> list[Commitment]:
    """The open promises of these reps' accounts that are at risk or due until that day."""
    rows = select(Commitment).join(Commitment.account).where(Account.rep_id.in_(rep_ids), OPEN)
    rows = rows.where(or_(AT_RISK, Commitment.due <= until)).order_by(~AT_RISK, Commitment.due, Commitment.id)
    return list(session.scalars(_whole(rows)))


def at_risk_count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Commitment).where(AT_RISK)) or 0


def known(session: Session, external_ids: Collection[str]) -> dict[str, Commitment]:
    """Those of a company's own ids that are there, for change."""
    found: dict[str, Commitment] = {}
    for batch in batches(sorted(external_ids)):
        rows = select(Commitment).where(Commitment.external_id.in_(batch)).order_by(Commitment.external_id)
        found.update({str(row.external_id): row for row in session.scalars(rows.with_for_update())})
    return found


def targets(session: Session, external_ids: Collection[str]) -> dict[str, tuple[int, float | None]]:
    """The metrics of these names: their keys and own targets."""
    rows = select(Metric.external_id, Metric.id, Metric.target).where(Metric.external_id.in_(external_ids))
    return {name: (key, target) for name, key, target in session.execute(rows)}


def _to_look_at(*, latest: date, now: datetime) -> Select[Commitment]:
    waits = or_(Commitment.looked_at.is_(None), Commitment.looked_at <= now - LOOK_EVERY)
    return select(Commitment).where(OPEN, waits, or_(Commitment.due <= latest, AT_RISK))


def is_waiting(session: Session, *, latest: date, now: datetime) -> bool:
    """Whether there is a promise to look at."""
    return session.scalar(_to_look_at(latest=latest, now=now).limit(1)) is not None


def take(session: Session, *, latest: date, now: datetime) -> list[Commitment]:
    """Open promises that are due until that day, or at risk, and were not looked at lately; others leave them alone."""
    rows = _to_look_at(latest=latest, now=now).order_by(Commitment.looked_at.is_not(None), Commitment.looked_at)
    rows = rows.options(joinedload(Commitment.account, innerjoin=True), joinedload(Commitment.metric))
    return list(session.scalars(rows.limit(PER_ROUND).with_for_update(of=Commitment, skip_locked=True)))


def live_accounts(session: Session, account_ids: Collection[int]) -> set[int]:
    """Which of these accounts have a live alert."""
    rows = select(Alert.account_id).where(Alert.account_id.in_(account_ids), Alert.resolved_at.is_(None))
    return set(session.scalars(rows))


def daily(session: Session, metrics: Iterable[tuple[int, Metric]], *, now: datetime) -> dict[Pair, list[float]]:
    """The last whole UTC days of metrics of accounts, each day's values combined as the metric says, oldest first."""
    pairs = {(account_id, metric.id): metric.combine for account_id, metric in metrics}
    found: dict[Pair, list[float]] = defaultdict(list)
    if not pairs:
        return found
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    this_day = (Observation.account_id, Observation.metric_id, _DAY)
    newest = (Observation.observed_at.desc(), Observation.item_id.desc())
    nth = func.row_number().over(partition_by=this_day, order_by=newest).label("nth")
    ranked = select(Observation.account_id, Observation.metric_id, _DAY.label("day"), Observation.value, nth).where(
        Observation.account_id.in_({account for account, _ in pairs}),
        Observation.metric_id.in_({metric for _, metric in pairs}),
        Observation.observed_at >= midnight - LOOK_BACK,
        Observation.observed_at < midnight,
    )
    day = ranked.subquery().c
    last = func.max(case((day.nth == 1, day.value)))
    # No mean of the database's: PostgreSQL squares on the way, and raises an error where a square is too large.
    rows = select(day.account_id, day.metric_id, func.sum(day.value), func.count(), last)
    rows = rows.group_by(day.account_id, day.metric_id, day.day).order_by(day.day)
    for account, metric, total, count, newest_value in session.execute(rows):
        combined = {Combine.SUM: total, Combine.MEAN: total / count, Combine.LAST: newest_value}
        if combine := pairs.get((account, metric)):
            found[account, metric].append(combined[combine])
    return found
