"""SQL of the ledger: everything in bulk, a fixed number of statements however long the time."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, time
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from models import Account, Alert, Complaint, Mail, MailKind, Rep, ScoreDay, Telling, Update, UpdateKind
from service.kit.database import Session
from service.outlook.rules import Raised, Told


@dataclass(frozen=True)
class Complained:
    """A complaint with the names that a page shows."""

    id: int
    external_id: str
    account_id: int
    account: str
    account_name: str
    rep: str | None
    occurred_at: datetime
    severity: int | None
    about: str | None


def watching_since(session: Session) -> datetime | None:
    """When Headsup began to watch: complaints from before, imported to learn from, cannot have been missed."""
    day = session.scalar(select(func.min(ScoreDay.day)))
    first_alert = session.scalar(select(func.min(Alert.opened_at)))
    began = [datetime.combine(day, time(), UTC)] if day else []
    return min([*began, *([first_alert] if first_alert else [])], default=None)


def complaints(
    session: Session, *, since: datetime, until: datetime, account_id: int | None = None
) -> list[Complained]:
    """Complaints in [since, until), of one account or of all, oldest first."""
    columns = (
        Complaint.id,
        Complaint.external_id,
        Complaint.account_id,
        Account.external_id,
        Account.name,
        Rep.email,
        Complaint.occurred_at,
        Complaint.severity,
        Complaint.about,
    )
    joined = select(*columns).join(Account, Account.id == Complaint.account_id).outerjoin(Account.rep)
    within = joined.where(Complaint.occurred_at >= since, Complaint.occurred_at < until)
    if account_id is not None:
        within = within.where(Complaint.account_id == account_id)
    return [Complained(*row) for row in session.execute(within.order_by(Complaint.occurred_at, Complaint.id))]


def complaint_times(session: Session, *, since: datetime) -> dict[int, list[datetime]]:
    """When each account complained since then."""
    times: dict[int, list[datetime]] = defaultdict(list)
    rows = select(Complaint.account_id, Complaint.occurred_at).where(Complaint.occurred_at >= since)
    for account_id, moment in session.execute(rows):
        times[account_id].append(moment)
    return times


def alerts(session: Session, *, since: datetime, until: datetime, account_id: int | None = None) -> list[Raised]:
    """Alerts that opened before `until` and opened or were live after `since`, oldest first."""
    rows = (
        select(Alert.id, Alert.account_id, Alert.opened_at, Alert.resolved_at, Alert.resolution)
        .where(*_counted(since, until, account_id))
        .order_by(Alert.opened_at, Alert.id)
    )
    return [Raised(*row) for row in session.execute(rows)]


def heads_ups(
    session: Session, *, since: datetime, until: datetime, account_id: int | None = None
) -> dict[UUID, list[Told]]:
    """The heads-up mails sent about these alerts, oldest first. "It is resolved" is no heads-up."""
    alert_id = func.coalesce(Update.alert_id, Mail.alert_id)
    rows = (
        select(Alert.id, Mail.sent_at, func.coalesce(Rep.time_zone, Account.time_zone))
        .select_from(Mail)
        .outerjoin(Telling, Telling.mail_id == Mail.id)
        .outerjoin(Update, Update.id == Telling.update_id)
        .join(Alert, Alert.id == alert_id)
        .join(Account, Account.id == Alert.account_id)
        .outerjoin(Rep, Rep.id == Mail.rep_id)
        .where(Mail.kind == MailKind.HEADS_UP, Mail.sent_at.is_not(None))
        .where(or_(Update.kind.is_(None), Update.kind != UpdateKind.RESOLVED))
        .where(*_counted(since, until, account_id))
        .order_by(Mail.sent_at, Mail.id)
    )
    told: dict[UUID, list[Told]] = defaultdict(list)
    for told_about, sent_at, time_zone in session.execute(rows):
        assert sent_at is not None
        told[told_about].append(Told(told_about, sent_at, time_zone))
    return told


def _counted(since: datetime, until: datetime, account_id: int | None) -> list[ColumnElement[bool]]:
    """Which alerts can matter to a complaint in [since, until)."""
    mine = [] if account_id is None else [Alert.account_id == account_id]
    lasting = or_(Alert.opened_at >= since, Alert.resolved_at.is_(None), Alert.resolved_at >= since)
    return [Alert.opened_at < until, lasting, *mine]
