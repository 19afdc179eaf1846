"""The way to the inbound mailbox: messages are looked at, and moved away only when they have been dealt with."""

import imaplib
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Timer
from urllib.parse import unquote, urlsplit

from service.kit.errors import Unavailable

PORTS = {"imaps": 993, "imap+starttls": 143, "imap": 143}
COMMAND_SECONDS, ROUND_SECONDS = 30, 120
# More of a message is not asked for: what stands behind are files.
FIRST_BYTES = 2_000_000
DONE, ASIDE = "Headsup", "Headsup-not-read"


class MailboxAway(Unavailable):
    """The inbound mailbox cannot be read."""


@dataclass(frozen=True)
class Place:
    """Where the mailbox is."""

    scheme: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"


def place_of(url: str) -> Place:
    """Read `imaps://` or `imap+starttls://user:password@host:port/FOLDER`; `imap://` sends the password in the clear.

    Raises:
        MailboxAway: it is none of these.
    """
    advice = "Give HEADSUP_INBOUND_URL as imaps:// or imap+starttls://user:password@host:port/FOLDER."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise MailboxAway(advice) from error
    if parts.scheme not in PORTS or not parts.hostname or not parts.username:
        raise MailboxAway(advice)
    folder = unquote(parts.path.strip("/")) or "INBOX"
    user, password = unquote(parts.username), unquote(parts.password or "")
    return Place(parts.scheme, parts.hostname, port or PORTS[parts.scheme], user, password, folder)


class Mailbox:
    """The messages of a folder, by their unique numbers."""

    def __init__(self, imap: imaplib.IMAP4) -> None:
        self._imap = imap

    def numbers(self) -> list[str]:
        """The messages that are there, the oldest first."""
        found = self._said("SEARCH", "ALL")
        return found[0].decode("ascii").split() if found and isinstance(found[0], bytes) else []

    def content(self, number: str) -> bytes | None:
        """The beginning of a message, without marking it; None if it is gone."""
        for part in self._said("FETCH", number, f"(BODY.PEEK[]<0.{FIRST_BYTES}>)"):
            if isinstance(part, tuple):
                return bytes(part[1])
        return None

    def move(self, number: str, folder: str) -> None:
        """Put a message into another folder, which is made if it is not there."""
        self._imap.create(folder)
        if "MOVE" in self._imap.capabilities:
            self._said("MOVE", number, folder)
            return
        self._said("COPY", number, folder)
        self._said("STORE", number, "+FLAGS.SILENT", r"(\Deleted)")
        if "UIDPLUS" in self._imap.capabilities:
            self._said("EXPUNGE", number)
        else:
            self._imap.expunge()

    def _said(self, command: str, *arguments: str) -> list[object]:
        status, found = self._imap.uid(command, *arguments)
        if status != "OK":
            raise MailboxAway(f"The mailbox refused {command}.")
        return list(found)


@contextmanager
def opened(url: str) -> Iterator[Mailbox]:
    """Open the mailbox, for two minutes at most.

    Raises:
        MailboxAway: it cannot be reached, entered or read; the detail says which.
    """
    place = place_of(url)
    imap: imaplib.IMAP4 | None = None
    guard: Timer | None = None
    try:
        imap = _connected(place)
        guard = Timer(ROUND_SECONDS, _cut, [imap])
        guard.start()
        imap.login(place.user, place.password)
        if imap.select(_quoted(place.folder))[0] != "OK":
            raise MailboxAway(f"There is no folder {place.folder}.")
        yield Mailbox(imap)
    except (OSError, imaplib.IMAP4.error) as error:
        raise MailboxAway(f"{place.host}:{place.port}: {_words(error)}") from error
    finally:
        if guard:
            guard.cancel()
        if imap:
            with suppress(OSError, imaplib.IMAP4.error):
                imap.logout()


def _connected(place: Place) -> imaplib.IMAP4:
    context = ssl.create_default_context()
    if place.scheme == "imaps":
        return imaplib.IMAP4_SSL(place.host, place.port, ssl_context=context, timeout=COMMAND_SECONDS)
    imap = imaplib.IMAP4(place.host, place.port, timeout=COMMAND_SECONDS)
    if place.scheme == "imap+starttls":
        imap.starttls(context)
    return imap


def _cut(imap: imaplib.IMAP4) -> None:
    with suppress(OSError):
        imap.sock.shutdown(socket.SHUT_RDWR)


def _quoted(folder: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", folder) + '"'


def _words(error: Exception) -> str:
    """What happened, without what servers like to repeat."""
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or type(error).__name__}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, imaplib.IMAP4.abort):
        return "the connection ended"
    if isinstance(error, imaplib.IMAP4.error):
        return "the server refused the login or a command"
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else type(error).__name__
