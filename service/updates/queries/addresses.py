"""SQL of what came back from addresses, and of what reps chose about their mails."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from models import Address, InboundKind, InboundMail, Mail, MailChoice, MailState, StopReason
from service.kit.database import Session


def stopped(session: Session, address: str) -> Address | None:
    """What came back from an address that gets no mails any more; None if it gets them."""
    found = session.get(Address, address)
    return found if found and found.stopped_at else None


def choice(session: Session, rep_id: int) -> MailChoice | None:
    return session.get(MailChoice, rep_id)


def paused(session: Session, *, now: datetime) -> dict[int, datetime]:
    """The reps who paused their mails, and until when."""
    rows = select(MailChoice.rep_id, MailChoice.paused_until).where(MailChoice.paused_until > now)
    return {rep_id: until for rep_id, until in session.execute(rows) if until}


def came_back(session: Session, kind: InboundKind, *, of_last: int) -> int:
    """How many of the last mails that were sent came back as a hard bounce, or were called spam."""
    last = select(Mail.id, Mail.recipient).where(Mail.state == MailState.SENT)
    mails = last.order_by(Mail.sent_at.desc(), Mail.id).limit(of_last).subquery()
    back, address = aliased(InboundMail), aliased(Address)
    counted = select(func.count(mails.c.id.distinct())).join(back, back.mail_id == mails.c.id).where(back.kind == kind)
    if kind is InboundKind.BOUNCE:
        hard = address.stopped_why == StopReason.HARD
        counted = counted.join(address, address.address == mails.c.recipient).where(hard)
    return session.scalar(counted) or 0
