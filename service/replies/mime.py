"""Read a mail that came from anywhere: in bounded time and memory, whatever it claims about itself; pure."""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.policy import compat32

from service.kit.errors import Invalid
from service.kit.fields import UNSAFE, UNSAFE_IN_PROSE
from service.replies.html import plain

LARGEST = 25 * 1024 * 1024
# Words stand at the beginning of a part, and the parts with words before those with files.
KEPT_OF_PART, KEPT = 200_000, 1_000_000
DEEPEST, MOST_PARTS = 50, 2_000
LONGEST_HEADER = 5_000
MOST_ATTACHMENTS, LONGEST_NAME = 20, 100
MOST_RECIPIENTS = 50
AROUND_ADDRESSES = re.compile(r"[\s<>,;:\"()\[\]]+")
# Where programs and relays write down whom a mail was for.
RECIPIENTS = (
    "to",
    "cc",
    "delivered-to",
    "x-original-to",
    "x-envelope-to",
    "envelope-to",
    "x-forwarded-to",
    "resent-to",
)
# One byte, one letter: they can read anything, so that a mail which claims one may well be in UTF-8.
READS_ALL = ("ascii", "iso8859", "cp125", "koi8", "mac-")
READABLE = (
    *READS_ALL,
    "utf-",
    "gb",
    "big5",
    "shift_jis",
    "cp932",
    "cp949",
    "euc_",
    "iso2022",
    "johab",
    "cp8",
    "tis-620",
)


class MailUnreadable(Invalid):
    """This mail cannot be read."""


@dataclass(frozen=True)
class Incoming:
    """A mail that came in, shortened."""

    message: Message
    content: bytes

    def header(self, name: str) -> str:
        """A header decoded, in one line; empty if there is none."""
        return _decoded(self.message.get(name))

    def has(self, name: str) -> bool:
        return name in self.message

    @property
    def sender(self) -> str:
        """The address that it claims to come from."""
        found = addresses_in(self.header("from"))
        return found[-1].lower() if found else ""

    @property
    def recipients(self) -> list[str]:
        """All addresses that it was for."""
        written = [value for name in RECIPIENTS for value in self.message.get_all(name, [])]
        return [address for value in written[:MOST_RECIPIENTS] for address in addresses_in(_decoded(value))]

    @property
    def text(self) -> str:
        """Its words: the text parts, or what the HTML says where there are none."""
        parts = [part for part in self.parts() if not _is_file(part)]
        words = "\n".join(_content(part) for part in parts if part.get_content_type() == "text/plain")
        if words.strip():
            return words
        return "\n".join(plain(_content(part)) for part in parts if part.get_content_type() == "text/html")

    @property
    def attachments(self) -> list[str]:
        """The names of the files that came along."""
        files = [part for part in self.parts() if _is_file(part) and not part.get("content-id")]
        names = [_one_line(_decoded(part.get_filename()), LONGEST_NAME) or "without a name" for part in files]
        return names[:MOST_ATTACHMENTS]

    def parts(self) -> Iterator[Message]:
        """The parts that hold something, without those of mails that were attached."""
        yield from _leaves(self.message)

    def reports(self, kind: str) -> list[Message]:
        """The blocks of fields of a machine's report, like `message/delivery-status`."""
        blocks: list[Message] = []
        for part in self.message.walk():
            if part.get_content_type() == kind:
                inside = part.get_payload()
                blocks += [each for each in inside if isinstance(each, Message)] if isinstance(inside, list) else []
        return blocks


def read(content: bytes) -> Incoming:
    """Parse a mail.

    Raises:
        MailUnreadable: it is too large, or nested beyond reason.
    """
    if len(content) > LARGEST:
        raise MailUnreadable(f"It is larger than {LARGEST // 1024 // 1024} MB.")
    short = shortened(content)
    folded = short.lower()
    if folded.count(b"boundary=") > DEEPEST or folded.count(b"message/") > DEEPEST:
        raise MailUnreadable("It is nested too deeply.")
    return Incoming(message_from_bytes(short, policy=compat32), short)


def addresses_in(text: str) -> list[str]:
    """Whatever in a text looks like an address."""
    words = (word.strip("'") for word in AROUND_ADDRESSES.split(text) if "@" in word)
    return [word for word in words if word.isascii() and 3 <= len(word) <= 254]


def shortened(content: bytes) -> bytes:
    """The beginning of each part, up to 1 MB in all: what is long is a file, and files are not kept."""
    kept: list[bytes] = []
    at, left = 0, KEPT
    while at < len(content) and left > 0 and len(kept) < MOST_PARTS:
        following = content.find(b"\n--", at)
        end = len(content) if following < 0 else following + 1
        piece = content[at : min(end, at + KEPT_OF_PART, at + left)]
        if len(piece) < end - at:
            piece = piece[: piece.rfind(b"\n") + 1] or piece + b"\n"
        kept.append(piece)
        left -= len(piece)
        at = end
    return b"".join(kept)


def _leaves(message: Message) -> Iterator[Message]:
    if message.get_content_maintype() == "message":
        return
    inside = message.get_payload()
    if isinstance(inside, list):
        for part in inside:
            if isinstance(part, Message):
                yield from _leaves(part)
    else:
        yield message


def _is_file(part: Message) -> bool:
    if part.get_content_maintype() != "text":
        return True
    return part.get_content_disposition() == "attachment" or bool(part.get_filename())


def _content(part: Message) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    text = decoded(payload[:KEPT_OF_PART], str(part.get_content_charset() or ""))
    return unicodedata.normalize("NFC", UNSAFE_IN_PROSE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def decoded(content: bytes, charset: str) -> str:
    """Decode text by what it claims to be; or by what it is, where the claim cannot be true."""
    claimed = _codec(charset)
    of_many_bytes = claimed and not claimed.startswith((*READS_ALL, "utf-8"))
    for codec in (claimed, "utf-8") if of_many_bytes else ("utf-8", claimed, "cp1252"):
        try:
            return content.decode(codec)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("utf-8", "replace")


def _codec(charset: str) -> str:
    """The codec of a charset; empty for what is unknown or is not one of text."""
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        return ""
    return name if name.startswith(READABLE) else ""


def _decoded(value: object) -> str:
    written = str(value or "")[:LONGEST_HEADER]
    try:
        words = [(word, charset) for word, charset in decode_header(written)]
    except (HeaderParseError, ValueError):
        words = [(written, None)]
    text = "".join(decoded(word, charset or "") if isinstance(word, bytes) else word for word, charset in words)
    return _one_line(text, LONGEST_HEADER)


def _one_line(text: str, longest: int) -> str:
    return unicodedata.normalize("NFC", " ".join(UNSAFE.sub(" ", text).split()))[:longest]
