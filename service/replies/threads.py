"""Where a mail that answers a reply belongs: into the thread of the alert, or else of the mail that was answered."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from models import Mail, MailKind, Rep, Reply
from service.kit.database import Session
from service.kit.settings import Settings
from service.replies import queries
from service.updates import posting
from service.updates.contents import Answer, Receipt
from service.updates.posting import Parcel
from service.updates.queries import outbox, owed


@dataclass(frozen=True)
class Thread:
    """A mail's place. `subject` is that of the thread's first mail, empty where that was about several accounts."""

    subject: str
    root: str
    earlier: tuple[str, ...]
    name: str = ""
    account_id: str = ""
    alert_id: UUID | None = None


def of(session: Session, reply: Reply, rep: Rep) -> Thread:
    """Find the thread of a reply."""
    alert = queries.alert_of(session, reply)
    if alert is None:
        mail = outbox.mail(session, reply.mail_id) if reply.mail_id else None
        return Thread(mail.subject if mail else "", f"reply.{reply.id.hex}", (mail.message_id,) if mail else ())
    mails = owed.thread(session, alert.id, rep.id)
    account = alert.account
    return Thread(
        subject=_subject(mails, alert.id),
        root=f"alert.{alert.id.hex}",
        earlier=tuple(mail.message_id for mail in mails),
        name=account.name,
        account_id=account.external_id,
        alert_id=alert.id,
    )


def _subject(mails: list[Mail], alert_id: UUID) -> str:
    return mails[0].subject if mails and mails[0].alert_id == alert_id else ""


def post(
    session: Session,
    content: Receipt | Answer,
    thread: Thread,
    rep: Rep,
    settings: Settings,
    *,
    key: str,
    now: datetime,
) -> bool:
    """Put a mail to a rep who wrote into the outbox; False if it is there."""
    parcel = Parcel(
        kind=MailKind.RECEIPT,
        key=key,
        content=content,
        email=rep.email,
        root=thread.root,
        earlier=thread.earlier,
        rep_id=rep.id,
        alert_id=thread.alert_id,
    )
    return posting.post(session, parcel, settings, now=now)
