"""Put a mail into the outbox: its content is rendered and frozen here, and it can be there once."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from models import Mail, MailKind
from service.kit.database import Session
from service.kit.settings import Settings
from service.updates import letters
from service.updates.contents import Content
from service.updates.envelope import Body, Envelope, domain, pack
from service.updates.queries.once import insert_once

log = structlog.get_logger()


@dataclass(frozen=True)
class Parcel:
    """A mail to be: what it says, to which address, and where it belongs.

    `key` says what it is about, so that it is there once. `root` names the thread, `earlier` are the Message-IDs in it.
    """

    kind: MailKind
    key: str
    content: Content
    email: str
    root: str
    earlier: tuple[str, ...] = ()
    list_name: str = "heads-up"
    unsubscribe: str = ""
    rep_id: int | None = None
    alert_id: UUID | None = None
    update_id: UUID | None = None


@dataclass(frozen=True)
class Sealed:
    """A mail as it goes over the wire, the same in every try."""

    subject: str
    message_id: str
    content: bytes


def seal(parcel: Parcel, settings: Settings, *, now: datetime) -> Sealed:
    """Put the content into words and build the mail."""
    to, ours = parcel.content.to, domain(settings)
    letter = letters.render(parcel.content, settings)
    envelope = Envelope(
        id=to.id,
        domain=ours,
        recipient=parcel.email,
        name=to.name,
        subject=letter.subject,
        root=f"<{parcel.root}@{ours}>",
        earlier=parcel.earlier,
        list_name=parcel.list_name,
        unsubscribe=parcel.unsubscribe,
    )
    body = Body(letter.text, letter.html, letter.pictures)
    return Sealed(letter.subject, envelope.message_id, pack(envelope, body, settings, now=now))


def post(session: Session, parcel: Parcel, settings: Settings, *, now: datetime) -> bool:
    """Write the mail; False if another worker has just done so."""
    mail_id, sealed = parcel.content.to.id, seal(parcel, settings, now=now)
    row = {
        "id": mail_id,
        "kind": parcel.kind,
        "dedupe_key": parcel.key,
        "update_id": parcel.update_id,
        "alert_id": parcel.alert_id,
        "rep_id": parcel.rep_id,
        "recipient": parcel.email,
        "subject": sealed.subject,
        "message_id": sealed.message_id,
        "content": sealed.content,
        "created_at": now,
        "next_at": now,
    }
    if insert_once(session, Mail, row) is None:
        return False
    log.info("mail_composed", mail_id=str(mail_id), kind=parcel.kind)
    return True
