"""SQL of the outbox and of the worker's condition."""

from sqlalchemy import func, or_, select
from sqlalchemy.orm import defer

from models import Mail, MailState, WorkerStep
from service.kit.database import Session

SHOWN = 100


def outbox(session: Session, state: MailState | None, wanted: str, page: int) -> list[Mail]:
    """A page of mails, newest first, whose reader or subject has the wanted words; one more than is shown, if any."""
    mails = select(Mail).order_by(Mail.created_at.desc(), Mail.id).limit(SHOWN + 1).offset((page - 1) * SHOWN)
    if state:
        mails = mails.where(Mail.state == state)
    if wanted:
        mails = mails.where(
            or_(Mail.recipient.icontains(wanted, autoescape=True), Mail.subject.icontains(wanted, autoescape=True))
        )
    return list(session.scalars(mails.options(defer(Mail.content))))


def counts(session: Session) -> dict[MailState, int]:
    """How many mails stand in each state."""
    rows = select(Mail.state, func.count()).group_by(Mail.state)
    return {state: count for state, count in session.execute(rows)}  # noqa: C416  mypy knows rows, dict() does not


def worker_steps(session: Session) -> list[WorkerStep]:
    return list(session.scalars(select(WorkerStep).order_by(WorkerStep.name)))
