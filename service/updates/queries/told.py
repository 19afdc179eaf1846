"""SQL of updates: what was told, what is still to be told."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, update
from sqlalchemy.orm import aliased, contains_eager

from models import STARTER, Account, Alert, Mail, MailKind, MailState, Rep, ScoreDay, Update, UpdateKind
from service.kit.database import Session

PER_ROUND = 500


def updates_with_mail(session: Session, alert_id: UUID) -> list[tuple[Update, datetime | None, datetime | None]]:
    """The updates of an alert, oldest first, with when each was mailed and acknowledged."""
    rows = select(Update, Mail.sent_at, Mail.acknowledged_at).outerjoin(Mail, Mail.update_id == Update.id)
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
    """Alerts that ended lately, of which the rep had been told, but not yet that they ended."""
    told = exists().where(Mail.alert_id == Alert.id, Mail.kind == MailKind.HEADS_UP, Mail.state == MailState.SENT)
    closed = exists().where(Update.alert_id == Alert.id, Update.kind == UpdateKind.RESOLVED)
    rows = select(Alert).where(Alert.resolved_at > ended_after, told, ~closed)
    return list(session.scalars(rows.order_by(Alert.resolved_at).limit(PER_ROUND)))


def escalations(session: Session) -> list[Alert]:
    """Alerts that operations was reminded of and that still nobody has answered, with account and rep."""
    waiting = and_(Alert.resolved_at.is_(None), Alert.acknowledged_at.is_(None), Alert.escalated_at.is_not(None))
    return list(session.scalars(_with_account(select(Alert)).where(waiting).order_by(Alert.escalated_at)))


def _without_mail() -> ColumnElement[bool]:
    return ~exists().where(Mail.update_id == Update.id)


def unmailed(session: Session, *, ended_after: datetime) -> list[UUID]:
    """Updates that no mail carries yet although the account has a rep, oldest first.

    Of alerts that ended before that moment only the ends are still told.
    """
    current = or_(Alert.resolved_at.is_(None), Alert.resolved_at > ended_after, Update.kind == UpdateKind.RESOLVED)
    rows = select(Update.id).join(Update.alert).join(Alert.account)
    rows = rows.where(_without_mail(), Account.rep_id.is_not(None), current)
    return list(session.scalars(rows.order_by(Update.written_at, Update.id).limit(PER_ROUND)))


def to_mail(session: Session, update_id: UUID) -> Update | None:
    """An update that waits for its mail, with alert, account and rep; None where another worker has it."""
    rows = (
        select(Update)
        .join(Update.alert)
        .join(Alert.account)
        .join(Account.rep)
        .options(contains_eager(Update.alert).contains_eager(Alert.account).contains_eager(Account.rep))
        .where(Update.id == update_id, _without_mail())
        .with_for_update(of=Update, skip_locked=True)
    )
    return session.scalar(rows)


def is_answered(session: Session, alert_id: UUID, *, since: datetime) -> bool:
    """Whether operations has written its own update after that moment."""
    written = Update.kind == UpdateKind.WRITTEN
    return bool(session.scalar(select(exists().where(Update.alert_id == alert_id, written, Update.written_at > since))))


def risk_days(session: Session, alert: Alert, *, since: date) -> list[tuple[date, float]]:
    """The risk day by day, oldest first: of trained models, or of the starter score, which is no probability."""
    rows = select(ScoreDay.day, ScoreDay.risk).where(ScoreDay.account_id == alert.account_id, ScoreDay.day >= since)
    rows = rows.where(ScoreDay.model == STARTER if alert.model == STARTER else ScoreDay.model != STARTER)
    return [(day, risk) for day, risk in session.execute(rows.order_by(ScoreDay.day))]


def thread(session: Session, alert_id: UUID, rep: Rep) -> list[str]:
    """Message-IDs of the mails that the rep already has about the alert, oldest first."""
    rows = select(Mail.message_id).where(
        Mail.alert_id == alert_id,
        Mail.rep_id == rep.id,
        Mail.kind == MailKind.HEADS_UP,
        Mail.state != MailState.SUPPRESSED,
    )
    return list(session.scalars(rows.order_by(Mail.created_at, Mail.id)))
