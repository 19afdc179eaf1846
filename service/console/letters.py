"""Take a stored mail apart for reading."""

import base64
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

# No script, nothing from elsewhere; pictures are put in as data. Mails style themselves inline.
CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; base-uri 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
CID = re.compile(r"cid:([^\"'\s)>]+)")
# A mail's links and reply address are its reader's alone: who looks at the copy must not press the rep's button.
LINK = re.compile(r"https?://[^\s\"'<>]+/[apu]/[\w.~-]{20,}")
TAG = re.compile(r"\+[a-z2-7]{42}@")
HIDDEN = "(only in the mail itself)"


@dataclass(frozen=True)
class Letter:
    """A mail as its reader sees it."""

    headers: dict[str, str]
    text: str
    html: str


def read(content: bytes) -> Letter:
    """Parse a mail; pictures that the HTML part refers to are put into it, and links that act are taken out."""
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    names = ("From", "To", "Reply-To", "Date", "Message-ID")
    headers = {name: TAG.sub("+…@", str(message[name])) for name in names if message[name]}
    pictures = {str(part["Content-ID"]).strip("<> "): _data_uri(part) for part in message.walk() if part["Content-ID"]}
    html = CID.sub(lambda match: pictures.get(match[1], ""), _part(message, "html"))
    return Letter(headers, LINK.sub(HIDDEN, _part(message, "plain")), _links_in_new_tabs(_without_links(html)))


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    return str(body.get_content()) if body is not None else ""


def _data_uri(part: EmailMessage) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return f"data:{part.get_content_type()};base64,{base64.b64encode(payload).decode()}"


def _without_links(html: str) -> str:
    """Let what looks like a button stay one, and lead nowhere."""
    return LINK.sub(HIDDEN, re.sub(rf"href=([\"']){LINK.pattern}\1", f'title="{HIDDEN}"', html))


def _links_in_new_tabs(html: str) -> str:
    return re.sub(r"(<head[^>]*>)", r'\1<base target="_blank">', html, count=1)
