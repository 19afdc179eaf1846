"""SQL of heads-ups that did not get to their rep."""

from datetime import datetime

from sqlalchemy import and_, exists, or_, select

from models import Address, InboundKind, InboundMail, Mail, MailKind, MailState
from service.kit.database import Session

PER_ROUND = 500


def mails(session: Session, *, since: datetime) -> list[Mail]:
    """The heads-ups of that time that were given up, were kept from an address that is no good, or came back."""
    no_good = exists().where(Address.address == Mail.recipient, Address.stopped_at.is_not(None))
    came_back = exists().where(InboundMail.mail_id == Mail.id, InboundMail.kind == InboundKind.BOUNCE)
    missed = or_(
        Mail.state == MailState.PARKED,
        and_(Mail.state == MailState.SUPPRESSED, no_good),
        and_(Mail.state == MailState.SENT, no_good, came_back),
    )
    rows = select(Mail).where(Mail.created_at > since, Mail.kind == MailKind.HEADS_UP, Mail.rep_id.is_not(None), missed)
    return list(session.scalars(rows.order_by(Mail.created_at, Mail.id).limit(PER_ROUND)))
