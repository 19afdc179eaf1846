"""Put a mail into the outbox: its content is rendered and frozen here, and it can be there once."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid4

import structlog

from models import Mail, MailKind
from service.access import queries as operators
from service.kit.database import Session
from service.kit.settings import Settings
from service.updates import letters
from service.updates.contents import Content, Notice, To
from service.updates.envelope import Body, Envelope, domain, pack
from service.updates.queries import outbox
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
    """A mail as it goes over the wire, the same in every try.

    `trouble` says why a company's own templates were left aside for it.
    """

    subject: str
    message_id: str
    content: bytes
    trouble: str = ""


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
    return Sealed(letter.subject, envelope.message_id, pack(envelope, body, settings, now=now), letter.trouble)


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
    if sealed.trouble:
        _tell_of_templates(session, sealed.trouble, settings, now=now)
    return True


def _tell_of_templates(session: Session, trouble: str, settings: Settings, *, now: datetime) -> None:
    """Tell the leads, once a day, of a template of their own that a mail could not be made with."""
    about = f"template:{now:%Y-%m-%d}:{sha256(trouble.encode()).hexdigest()[:16]}"
    owed = {f"{about}:{lead.id}": lead for lead in operators.leads(session)}
    facts = {"trouble": trouble, "folder": str(settings.templates)}
    for key in owed.keys() - outbox.known_keys(session, list(owed)):
        lead = owed[key]
        to = To(uuid4(), lead.name, lead.time_zone, settings.site_url)
        notice = Notice(to, "template", f"{settings.site_url}/mail", facts)
        parcel = Parcel(
            kind=MailKind.TEMPLATE,
            key=key,
            content=notice,
            email=lead.email,
            root=about.replace(":", "."),
            list_name="operations",
        )
        post(session, parcel, settings, now=now)
