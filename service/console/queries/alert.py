"""SQL of one alert's page."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from models import AlertEvent, Mail, Telling, Update
from service.kit.database import Session

# What people of operations do to an alert; all else in its history comes from the program or from the rep.
MOVES = ("acknowledged", "assigned", "snoozed", "resolved", "wrong", "update")


@dataclass(frozen=True)
class Told:
    """An update and the mail that carries it, when there is one already."""

    update: Update
    mail: Mail | None


def told(session: Session, alert_id: UUID) -> list[Told]:
    """What the rep was told about an alert, newest first."""
    rows = select(Update, Mail).outerjoin(Telling, Telling.update_id == Update.id)
    rows = rows.outerjoin(Mail, Mail.id == Telling.mail_id).where(Update.alert_id == alert_id)
    return [Told(update, mail) for update, mail in session.execute(rows.order_by(Update.written_at.desc()))]


def last_event(session: Session, alert_id: UUID) -> int:
    """The newest line of the alert's history, by number."""
    return session.scalar(select(func.max(AlertEvent.id)).where(AlertEvent.alert_id == alert_id)) or 0


def move_of_others(session: Session, alert_id: UUID, *, after: int, actor: str) -> AlertEvent | None:
    """The newest thing that somebody else of operations did to the alert after a line of its history."""
    moves = select(AlertEvent).where(AlertEvent.alert_id == alert_id, AlertEvent.id > after)
    moves = moves.where(AlertEvent.kind.in_(MOVES), AlertEvent.actor != actor)
    return session.scalar(moves.order_by(AlertEvent.id.desc()).limit(1))
