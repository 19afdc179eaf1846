"""Build a mail: headers from address objects, a text part, an HTML part with its pictures."""

import binascii
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address, AddressHeader
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import parseaddr
from typing import Any
from uuid import UUID

from service.kit.settings import Settings
from service.updates import dkim, ways_back
from service.updates.charts import Picture
from service.updates.words import clean


@dataclass(frozen=True)
class Envelope:
    """Who gets a mail and where it belongs. `root` names the thread, `earlier` the mails before in it.

    `unsubscribe` is where mail programs end such mails by one POST; empty where they cannot be ended.
    """

    id: UUID
    domain: str
    recipient: str
    name: str
    subject: str
    root: str
    earlier: tuple[str, ...] = ()
    list_name: str = "heads-up"
    unsubscribe: str = ""

    @property
    def message_id(self) -> str:
        """The same in every try, so that mail servers can drop a twin."""
        return f"<{self.id.hex}@{self.domain}>"


@dataclass(frozen=True)
class Body:
    """What a mail shows. The HTML part refers to the pictures by their ids."""

    text: str
    html: str
    pictures: tuple[Picture, ...] = ()


def domain(settings: Settings) -> str:
    """The domain that our mails come from."""
    return parseaddr(settings.mail_from)[1].rpartition("@")[2] or "localhost"


class _Policy(EmailPolicy):
    """Headers as mail programs read them.

    The library's own folding writes empty encoded words, loses spaces and leaves the first line of a subject empty;
    the older `Header` does none of it.
    """

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name == "Subject":
            return self._line(name, str(value))
        if name == "List-Unsubscribe":
            # A link longer than a line would become encoded words, which no mail program takes for a link.
            return f"{name}: {value}{self.linesep}".encode("ascii")
        if isinstance(value, AddressHeader):
            only = value.addresses[0]
            if str(only).isascii():
                return self._line(name, str(only))
            return self._line(name, only.display_name, f"{self.linesep} <{only.addr_spec}>")
        return super().fold_binary(name, value)

    def _line(self, name: str, words: str, rest: str = "") -> bytes:
        encoded = Header(words, "us-ascii" if words.isascii() else "utf-8", maxlinelen=75, header_name=name).encode(
            linesep=self.linesep
        )
        return f"{name}: {encoded}{rest}{self.linesep}".encode("ascii")


POLICY = _Policy(linesep="\r\n")
SHORTER = 0.9


def pack(envelope: Envelope, body: Body, settings: Settings, *, now: datetime) -> bytes:
    """Build the mail's bytes, signed where there is a key; they are the same in every try."""
    message = EmailMessage(policy=POLICY)
    message["From"] = _address(*parseaddr(settings.mail_from))
    message["To"] = _address(envelope.name, envelope.recipient)
    message["Reply-To"] = _address(*parseaddr(ways_back.reply_to(settings, envelope.id) or settings.mail_from))
    message["Subject"] = envelope.subject
    message["Date"] = now
    message["Message-ID"] = envelope.message_id
    if envelope.earlier:
        message["In-Reply-To"] = envelope.earlier[-1]
    message["References"] = " ".join((envelope.root, *envelope.earlier[-5:]))
    message["List-Id"] = f"<{envelope.list_name}.{envelope.domain}>"
    if envelope.unsubscribe:
        message["List-Unsubscribe"] = f"<{envelope.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(body.text, cte=encoding(body.text)[0])
    message.add_alternative(body.html, subtype="html", cte=encoding(body.html)[0])
    if body.pictures:
        _add_pictures(message, body.pictures)
    return dkim.sign(message.as_bytes(), settings, envelope.domain, now=now)


def encoding(text: str) -> tuple[str, int]:
    """How a text goes over the wire, and about how many bytes it takes: as base64 where that is clearly shorter.

    What is mostly ASCII stays legible for whoever looks at a mail's source; three bytes a sign would not be anyway.
    """
    encoded = text.encode()
    quoted = binascii.b2a_qp(encoded)
    # Lines end in two bytes on the way.
    printable, packed = len(quoted) + quoted.count(b"\n"), -(-len(encoded) // 57) * 78
    return ("base64", packed) if packed < SHORTER * printable else ("quoted-printable", printable)


def _address(name: str, address: str) -> Address:
    return Address(clean(name, 100), addr_spec=address)


def _add_pictures(message: EmailMessage, pictures: tuple[Picture, ...]) -> None:
    html = message.get_body(("html",))
    assert isinstance(html, EmailMessage)
    for picture in pictures:
        html.add_related(picture.png, "image", "png", cid=f"<{picture.cid}>", disposition="inline", filename="risk.png")
