"""Tell machines from people: an automatic answer never acts, and is never answered (RFC 3834); pure."""

import re

from service.replies.mime import Incoming
from service.replies.phrases import AWAY

MARKS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-reply",
    "x-autoreply-from",
    "x-mail-autoreply",
    "x-auto-response-suppress",
    "x-fc-machinegenerated",
    "x-ms-exchange-inbox-rules-loop",
    "x-ms-exchange-generated-message-source",
    "x-loop",
    "list-id",
    "list-unsubscribe",
    "feedback-id",
)
BULK = frozenset({"bulk", "junk", "list", "auto_reply", "auto-reply"})
MACHINES = re.compile(
    r"(mailer-daemon|postmaster|no-?reply|do-?not-?reply|auto-?reply|bounces?|daemon)([+._-].*)?@", re.IGNORECASE
)


def automatic(mail: Incoming, *, envelope_sender: str | None = None) -> str | None:
    """Say by what a mail gives itself away as a machine's; None if a person wrote it."""
    if mark := next((each for each in MARKS if mail.has(each)), None):
        return mark.title()
    returns = envelope_sender if envelope_sender is not None else mail.header("return-path") or "unknown"
    found = {
        "Auto-Submitted": mail.header("auto-submitted").lower().partition(";")[0].strip() not in {"", "no"},
        "Precedence": mail.header("precedence").lower() in BULK,
        "an empty return path": returns in {"", "<>"},
        "multipart/report": mail.message.get_content_type() == "multipart/report",
        "its sender": not mail.sender or bool(MACHINES.match(mail.sender)),
        "its subject": mail.header("subject").casefold().startswith(AWAY),
    }
    return next((why for why, true in found.items() if true), None)
