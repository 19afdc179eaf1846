"""SQL of updates: what was told, what is still to be told."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, and_, exists, or_, select, update
from sqlalchemy.orm import aliased, contains_eager

from models import STARTER, Account, Alert, Mail, MailState, ScoreDay, Telling, Update, UpdateKind
from service.kit.database import Session
from service.updates.queries.owed import untold

PER_ROUND = 500
_SENT = Mail.state == MailState.SENT


def updates_with_mail(session: Session, alert_id: UUID) -> list[tuple[Update, datetime | None, datetime | None]]:
    """The updates of an alert, oldest first, with when each was mailed and acknowledged."""
    rows = select(Update, Mail.sent_at, Mail.acknowledged_at)
    rows = rows.outerjoin(Telling, Telling.update_id == Update.id).outerjoin(Mail, Mail.id == Telling.mail_id)
    rows = rows.where(Update.alert_id == alert_id).order_by(Update.written_at, Update.id)
    return [(told, sent_at, acknowledged_at) for told, sent_at, acknowledged_at in session.execute(rows)]


def _with_account(rows: Select[Alert]) -> Select[Alert]:
    joined = rows.join(Alert.account).outerjoin(Account.rep)
    return joined.options(contains_eager(Alert.account).contains_eager(Account.rep))


def silent_alerts(session: Session, *, opened_before: datetime) -> list[Alert]:
    """Live alerts, not asleep, about which nothing has been told since they opened before that moment."""
    told = exists().where(Update.alert_id == Alert.id)
    asleep = or_(Alert.snoozed_until.is_not(None), Alert.snooze_risk.is_not(None))
    rows = select(Alert).where(Alert.resolved_at.is_(None), Alert.opened_at <= opened_before, ~asleep, ~told)
    return list(session.scalars(rows.order_by(Alert.opened_at).limit(PER_ROUND)))


def overdue_updates(session: Session, *, now: datetime) -> list[Update]:
    """Updates of live alerts whose promised next one has not come; each is listed until it is raised."""
    newer = aliased(Update)
    followed = exists().where(newer.alert_id == Update.alert_id, newer.written_at > Update.written_at)
    rows = (
        select(Update)
        .join(Update.alert)
        .join(Alert.account)
        .options(contains_eager(Update.alert).contains_eager(Alert.account))
        .where(
            Update.kind == UpdateKind.WRITTEN,
            Update.next_update_at <= now,
            Update.late_raised_at.is_(None),
            Alert.resolved_at.is_(None),
            ~followed,
        )
    )
    return list(session.scalars(rows.order_by(Update.next_update_at).limit(PER_ROUND)))


def mark_late(session: Session, update_id: UUID, *, now: datetime) -> bool:
    """Claim the raising of a late update; False where another worker was faster."""
    mine = update(Update).where(Update.id == update_id, Update.late_raised_at.is_(None)).values(late_raised_at=now)
    return session.scalar(mine.returning(Update.id)) is not None


def untold_ends(session: Session, *, ended_after: datetime) -> list[Alert]:
    """Alerts that ended lately, of which the rep was told or is about to be, but not yet that they ended."""
    told = exists().where(
        Telling.update_id == Update.id, Telling.mail_id == Mail.id, Update.alert_id == Alert.id, _SENT
    )
    said = exists().where(Update.alert_id == Alert.id, Update.kind == UpdateKind.WRITTEN, untold())
    closed = exists().where(Update.alert_id == Alert.id, Update.kind == UpdateKind.RESOLVED)
    rows = select(Alert).where(Alert.resolved_at > ended_after, or_(told, said), ~closed)
    return list(session.scalars(rows.order_by(Alert.resolved_at).limit(PER_ROUND)))


def escalations(session: Session) -> list[Alert]:
    """Alerts that operations was reminded of and that still nobody has answered, with account and rep."""
    waiting = and_(Alert.resolved_at.is_(None), Alert.acknowledged_at.is_(None), Alert.escalated_at.is_not(None))
    return list(session.scalars(_with_account(select(Alert)).where(waiting).order_by(Alert.escalated_at)))


def is_answered(session: Session, alert_id: UUID, *, since: datetime) -> bool:
    """Whether operations has written its own update after that moment."""
    written = Update.kind == UpdateKind.WRITTEN
    return bool(session.scalar(select(exists().where(Update.alert_id == alert_id, written, Update.written_at > since))))


def risk_days(session: Session, account_id: int, *, trained: bool, since: date) -> list[tuple[date, float]]:
    """The risk day by day, oldest first: of trained models, or of the starter score, which is no probability."""
    rows = select(ScoreDay.day, ScoreDay.risk).where(ScoreDay.account_id == account_id, ScoreDay.day >= since)
    rows = rows.where(ScoreDay.model != STARTER if trained else ScoreDay.model == STARTER)
    return [(day, risk) for day, risk in session.execute(rows.order_by(ScoreDay.day))]
