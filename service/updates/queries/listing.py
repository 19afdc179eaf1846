"""SQL of the outbox as people and programs look at it; what sends it is in `outbox`."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import defer

from models import Mail, MailState
from service.kit.database import Session
from service.kit.errors import NotFound


class MailNotFound(NotFound):
    """There is no such mail."""


@dataclass(frozen=True)
class Wanted:
    """Which mails a list shows, after which of them: its moment and id."""

    state: MailState | None = None
    after: tuple[datetime, UUID] | None = None
    limit: int = 100


def mail(session: Session, mail_id: UUID) -> Mail:
    """One mail.

    Raises:
        MailNotFound: there is none with this id.
    """
    found = session.get(Mail, mail_id)
    if found is None:
        raise MailNotFound("Look at the list of mails for those that there are.")
    return found


def page(session: Session, wanted: Wanted) -> list[Mail]:
    """One page of mails without their texts, the newest first. What comes in meanwhile shifts no other."""
    found = select(Mail).order_by(Mail.created_at.desc(), Mail.id).limit(wanted.limit).options(defer(Mail.content))
    if wanted.state is not None:
        found = found.where(Mail.state == wanted.state)
    if wanted.after is not None:
        at, last_id = wanted.after
        # The first condition is for the planner: it begins to read the index where the page before ended.
        found = found.where(
            Mail.created_at <= at, or_(Mail.created_at < at, and_(Mail.created_at == at, Mail.id > last_id))
        )
    return list(session.scalars(found))
