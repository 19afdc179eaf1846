"""The ways back that a mail carries: where replies and bounces come to, and the links behind its buttons."""

from uuid import UUID

from models import Mail
from service.kit import links, tags
from service.kit.settings import Settings

REPLY, BOUNCE = "reply", "bounce"
ACKNOWLEDGE, PAUSE, UNSUBSCRIBE = "acknowledge", "pause", "unsubscribe"
# A mail program may offer to unsubscribe by a mail of long ago.
UNSUBSCRIBE_DAYS = 90


def reply_to(settings: Settings, mail_id: UUID) -> str:
    """Where the answer to a mail goes: to Headsup, which knows by the tag what is answered, or to people."""
    return tags.tagged(settings, REPLY, mail_id) if settings.inbound_address else settings.mail_reply_to


def envelope_sender(settings: Settings, mail: Mail, *, otherwise: str) -> str:
    """Where a mail that cannot be delivered comes back to; the tag names the mail, so that no bounce can be made up."""
    return tags.tagged(settings, BOUNCE, mail.id) if settings.inbound_address else otherwise


def acknowledge_url(settings: Settings, mail_id: UUID) -> str:
    """The page of a heads-up's button; for 14 days."""
    return f"{settings.site_url}/a/{links.sign(settings, ACKNOWLEDGE, str(mail_id))}"


def pause_url(settings: Settings, rep_id: int) -> str:
    """The page on which a rep pauses all mails until a day; for 14 days."""
    return f"{settings.site_url}/p/{links.sign(settings, PAUSE, str(rep_id))}"


def unsubscribe_url(settings: Settings, rep_id: int) -> str:
    """Where a mail program ends a rep's digests by one POST (RFC 8058), and people by a page; for 90 days."""
    return f"{settings.site_url}/u/{links.sign(settings, UNSUBSCRIBE, str(rep_id))}"
