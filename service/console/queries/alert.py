"""SQL of one alert's page."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from models import AlertEvent, Mail, Update
from service.kit.database import Session


@dataclass(frozen=True)
class Told:
    """An update and the mail that carries it, when there is one already."""

    update: Update
    mail: Mail | None


def told(session: Session, alert_id: UUID) -> list[Told]:
    """What the rep was told about an alert, newest first."""
    rows = select(Update, Mail).outerjoin(Mail, Mail.update_id == Update.id).where(Update.alert_id == alert_id)
    return [Told(update, mail) for update, mail in session.execute(rows.order_by(Update.written_at.desc()))]


def last_event(session: Session, alert_id: UUID) -> int:
    """The newest line of the alert's history, by number."""
    return session.scalar(select(func.max(AlertEvent.id)).where(AlertEvent.alert_id == alert_id)) or 0


def event_of_others(session: Session, alert_id: UUID, *, after: int, but: Iterable[str]) -> AlertEvent | None:
    """The newest thing that somebody else did to the alert after a line of its history."""
    events = select(AlertEvent).where(AlertEvent.alert_id == alert_id, AlertEvent.id > after)
    events = events.where(AlertEvent.actor.not_in(list(but)))
    return session.scalar(events.order_by(AlertEvent.id.desc()).limit(1))
