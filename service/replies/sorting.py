"""Say what a mail that came in is, and to which of our mails it belongs; pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import structlog

from models import InboundKind
from service.kit import tags
from service.kit.settings import Settings
from service.replies import bounces, mime, quotes
from service.replies.automatic import automatic
from service.replies.bounces import Bounce
from service.replies.mime import Incoming, MailUnreadable
from service.updates.ways_back import BOUNCE, REPLY

log = structlog.get_logger()

LONGEST_SUBJECT = 200


@dataclass(frozen=True)
class Words:
    """What somebody wrote to us."""

    sender: str
    subject: str
    body: str
    attachments: list[str]


@dataclass(frozen=True)
class Sorted:
    """A mail that came in. `key` is the same for every copy of it; `why` says by what it was told apart.

    `mail_id` is the mail of ours that it belongs to, by a signed address; its row may be gone.
    """

    key: str
    kind: InboundKind
    why: str = ""
    mail_id: UUID | None = None
    words: Words | None = None
    bounce: Bounce | None = None


def sort(
    content: bytes, settings: Settings, *, sent_to: Iterable[str] = (), envelope_sender: str | None = None
) -> Sorted:
    """Sort a mail. `sent_to` and `envelope_sender` are what a provider says of its envelope.

    A mail that breaks the reader is unreadable, whatever the error: it must stand in no other's way.
    """
    try:
        return _sorted(mime.read(content), settings, [*sent_to], envelope_sender)
    except MailUnreadable as error:
        return Sorted(_hash(content), InboundKind.UNREADABLE, error.detail)
    except Exception as error:  # noqa: BLE001  the library's reader raises all kinds of errors on broken mails
        log.warning("inbound_mail_unreadable", error=type(error).__name__)
        return Sorted(_hash(content), InboundKind.UNREADABLE, f"It is broken ({type(error).__name__}).")


def _sorted(mail: Incoming, settings: Settings, sent_to: list[str], envelope_sender: str | None) -> Sorted:
    recipients = [*mail.recipients, *sent_to]
    answered = tags.subject_of(settings, REPLY, recipients)
    returned = tags.subject_of(settings, BOUNCE, recipients)
    machine = automatic(mail, envelope_sender=envelope_sender)
    key = _key(mail, answered or returned)
    if bounces.complaint(mail):
        return _complaint(mail, settings, key)
    if returned and machine and (found := bounces.bounce(mail)):
        return Sorted(key, InboundKind.BOUNCE, f"{found.severity} {found.status}".strip(), returned, bounce=found)
    if machine:
        return Sorted(key, InboundKind.AUTOMATIC, f"by {machine}", answered or returned)
    if answered is None:
        return Sorted(key, InboundKind.FOREIGN, "It was sent to no address that a mail of ours names.")
    words = Words(mail.sender, mail.header("subject")[:LONGEST_SUBJECT], quotes.own_words(mail.text), mail.attachments)
    return Sorted(key, InboundKind.REPLY, "by a signed address", answered, words=words)


def _complaint(mail: Incoming, settings: Settings, key: str) -> Sorted:
    """A report holds the mail that it is about, with the addresses that we signed."""
    named = mime.addresses_in(mail.content.decode("latin-1"))
    mail_id = tags.subject_of(settings, REPLY, named) or tags.subject_of(settings, BOUNCE, named)
    if mail_id is None:
        return Sorted(key, InboundKind.FOREIGN, "A complaint about no mail of ours.")
    return Sorted(key, InboundKind.COMPLAINT, "abuse report", mail_id)


def _key(mail: Incoming, mail_id: UUID | None) -> str:
    named = mail.header("message-id")
    return _hash(f"{named} {mail_id}".encode()) if named else _hash(mail.content)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
