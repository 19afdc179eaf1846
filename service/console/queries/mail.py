"""SQL of the outbox and of the worker's condition."""

from uuid import UUID

from sqlalchemy import select

from models import Mail, MailState, WorkerStep
from service.kit.database import Session
from service.kit.errors import NotFound

SHOWN = 200


class MailNotFound(NotFound):
    """There is no such mail."""


def outbox(session: Session, state: MailState | None) -> list[Mail]:
    """Mails, newest first; without their content."""
    mails = select(Mail).order_by(Mail.created_at.desc(), Mail.id).limit(SHOWN)
    if state:
        mails = mails.where(Mail.state == state)
    return list(session.scalars(mails))


def mail(session: Session, mail_id: UUID) -> Mail:
    """One mail.

    Raises:
        MailNotFound: there is none with this id.
    """
    found = session.get(Mail, mail_id)
    if found is None:
        raise MailNotFound("Look at the list of mails for those that there are.")
    return found


def worker_steps(session: Session) -> list[WorkerStep]:
    return list(session.scalars(select(WorkerStep).order_by(WorkerStep.name)))
