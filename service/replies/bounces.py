"""What a delivery report (RFC 3464) or a complaint (RFC 5965) says of a mail of ours; pure."""

import re
from dataclasses import dataclass
from enum import StrEnum

from service.kit.fields import UNSAFE
from service.replies.mime import Incoming

LONGEST_SAID = 300
# A class, a subject and a detail: RFC 3463. What stands inside of a longer number, like an IP address, is none.
STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
REPLY_CODE = re.compile(r"(?<![\d.])([45])\d\d(?=[ -])")
# About the mail, the way, or what the receiver thinks of us: 2.2 mailbox full, 3.4 mail too large, 4.4 no route.
NOT_THE_ADDRESS = re.compile(r"5\.(2\.[234]|3\.\d+|4\.\d+|5\.\d+|6\.\d+|7\.\d+)")
UNKNOWN = re.compile(
    r"user unknown|unknown (user|recipient|address)|no such (user|recipient|mailbox|person|address)|does ?n[o']t exist"
    r"|invalid (recipient|mailbox|address)|recipient (address )?rejected|not our customer|address not found"
    r"|mailbox (unavailable|not found|disabled)|account (is )?(disabled|closed|inactive)"
    r"|no mailbox (here )?by that name",
    re.IGNORECASE,
)
SPAM = frozenset({"abuse", "fraud", "virus", "other"})


class Severity(StrEnum):
    """What became of the mail: the address is no good; it failed this time; it is late and still being tried."""

    HARD = "hard"
    SOFT = "soft"
    DELAYED = "delayed"
    DELIVERED = "delivered"


@dataclass(frozen=True)
class Bounce:
    """What a report says. `status` is an enhanced status code like 5.1.1, or empty."""

    severity: Severity
    status: str
    said: str


def bounce(mail: Incoming) -> Bounce | None:
    """Read a report about a mail that was not delivered, whether it follows the standard or not; None if it is none."""
    for block in mail.reports("message/delivery-status"):
        if action := str(block.get("action", "")).strip().lower():
            status, said = str(block.get("status", "")), str(block.get("diagnostic-code", ""))
            return _judged(action, status, _clean(said))
    text = mail.text[:5_000]
    if STATUS.search(text) or REPLY_CODE.search(text) or UNKNOWN.search(text):
        return _judged("failed", "", _clean(_telling_line(text)))
    return None


def complaint(mail: Incoming) -> bool:
    """Whether the mail is a report that somebody called a mail of ours spam."""
    blocks = mail.reports("message/feedback-report")
    kinds = {str(block.get("feedback-type", "")).strip().lower() for block in blocks}
    if not blocks:
        # The standard lets no mail inside; parsers then keep the report's fields as text.
        parts = (part for part in mail.message.walk() if part.get_content_type() == "message/feedback-report")
        kinds = {word for part in parts for word in re.findall(r"feedback-type:\s*([a-z-]+)", str(part).lower())}
    return bool(kinds & SPAM)


def _judged(action: str, status: str, said: str) -> Bounce:
    found = STATUS.search(status) or STATUS.search(said)
    code = found[0] if found else ""
    if action in {"delivered", "relayed", "expanded"}:
        return Bounce(Severity.DELIVERED, code, said)
    if action == "delayed":
        return Bounce(Severity.DELAYED, code, said)
    return Bounce(Severity.HARD if _is_hard(code, said) else Severity.SOFT, code, said)


def _is_hard(code: str, said: str) -> bool:
    """Whether the address itself is no good. Without a code the words decide; where those say nothing, it is not."""
    if code.startswith("4") or NOT_THE_ADDRESS.fullmatch(code):
        return False
    if code.startswith(("5.1.", "5.2.")):
        return True
    temporary = not code and (reply := REPLY_CODE.search(said)) and reply[1] == "4"
    return not temporary and bool(UNKNOWN.search(said))


def _telling_line(text: str) -> str:
    """The line of a bounce in prose that says most."""
    lines = [line.strip() for line in text.splitlines()]
    for pattern in (STATUS, UNKNOWN, REPLY_CODE):
        if line := next((each for each in lines if pattern.search(each)), ""):
            return line
    return ""


def _clean(said: str) -> str:
    return " ".join(UNSAFE.sub(" ", said).split())[:LONGEST_SAID]
