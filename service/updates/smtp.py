"""The way to the mail relay: one connection, bounded waits, and a verdict for everything that can go wrong.

All that happens before a mail is offered (name lookup, connection, TLS, login) is trouble of the way. After that the
reply's code decides, never the exception's name: a 421 to RCPT is reported as "recipients refused" and is temporary.
"""

import math
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

from service.kit import crash
from service.kit.errors import HeadsupError, Unavailable, describe
from service.updates import answers

PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
LOGIN_NEEDED = {530, 534, 535, 538}
TOO_LARGE = 552
GOODBYE_SECONDS, CUT_AGAIN_SECONDS = 2.0, 0.25


class Verdict(StrEnum):
    """What a failure says: try again; never again; it is not the mail but the way; the mail breaks what carries it."""

    LATER = "later"
    REFUSED = "refused"
    CHANNEL = "channel"
    BROKEN = "broken"


class NotSent(HeadsupError):
    """The mail was not taken. `code` is the relay's answer, 0 if there was none."""

    def __init__(self, verdict: Verdict, reason: str, code: int = 0) -> None:
        super().__init__(reason)
        self.verdict, self.code = verdict, code


class RelayInvalid(Unavailable):
    """HEADSUP_SMTP_URL cannot be read."""


@dataclass(frozen=True)
class Relay:
    """Where mails are handed over."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Limits:
    """Longest waits in seconds: for the connection, for each reply, for one mail as a whole, login and all."""

    connect: float = 10
    command: float = 30
    mail: float = 30

    @classmethod
    def within(cls, seconds: float) -> Self:
        """Limits for a mail that may take so long."""
        return cls(min(cls.connect, seconds), min(cls.command, seconds), seconds)


def relay_of(url: str) -> Relay:
    """Read `smtp://`, `smtp+starttls://` or `smtps://user:password@host:port`.

    Raises:
        RelayInvalid: it is none of these.
    """
    advice = "Give HEADSUP_SMTP_URL as smtp://, smtp+starttls:// or smtps://user:password@host:port."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise RelayInvalid(advice) from error
    if parts.scheme not in PORTS or not parts.hostname or parts.path not in {"", "/"}:
        raise RelayInvalid(advice)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Relay(parts.scheme, parts.hostname, port or PORTS[parts.scheme], user, password)


class Channel:
    """A connection to the relay that is opened when the first mail goes, and used for all of a batch."""

    def __init__(self, relay: Relay, local_name: str, limits: Limits = Limits()) -> None:
        self._relay, self._local_name, self._limits = relay, local_name, limits
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        if self._smtp:
            with self._cut_after(GOODBYE_SECONDS), suppress(OSError, smtplib.SMTPException):
                self._smtp.quit()
            self._drop()

    def deliver(self, sender: str, recipient: str, content: bytes, *, before: float = math.inf) -> None:
        """Hand over one mail, if it can be offered `before` this moment of `time.monotonic`; returns when confirmed.

        Raises:
            NotSent: with the verdict and a reason for people.
        """
        try:
            # A relay that answers one byte at a time would never run into the limit of a command.
            with self._cut_after(self._limits.mail):
                smtp = self._connected()
                crash.point("mail-connected")
                _check_time(before)
                smtp.sendmail(sender, [recipient], content)
        except NotSent:
            raise
        except Exception as error:
            # The state of the dialogue is unknown: the next mail begins a new one.
            self._drop()
            raise _verdict(error) from error

    def greet(self) -> None:
        """Reach the relay and log in, with nothing to send.

        Raises:
            NotSent: with the verdict and a reason for people.
        """
        with self._cut_after(self._limits.mail):
            self._connected()

    def _connected(self) -> smtplib.SMTP:
        if self._smtp and not _answers(self._smtp):
            self._drop()
        if not self._smtp:
            context = None if self._relay.scheme == "smtp" else ssl.create_default_context()
            self._smtp = self._new(context)
            try:
                self._begin(self._smtp, context)
            except (OSError, smtplib.SMTPException, ValueError) as error:
                self._drop()
                where = f"{self._relay.host}:{self._relay.port}"
                raise NotSent(Verdict.CHANNEL, f"{where}: {answers.words_of(error)}", answers.code_of(error)) from error
        return self._smtp

    def _new(self, context: ssl.SSLContext | None) -> smtplib.SMTP:
        smtp = (
            smtplib.SMTP_SSL(local_hostname=self._local_name, timeout=self._limits.connect, context=context)
            if self._relay.scheme == "smtps"
            else smtplib.SMTP(local_hostname=self._local_name, timeout=self._limits.connect)
        )
        # Only the constructor of smtplib tells it the name that the certificate must carry; it would connect at once.
        smtp._host = self._relay.host  # type: ignore[attr-defined]  # noqa: SLF001
        return smtp

    def _begin(self, smtp: smtplib.SMTP, context: ssl.SSLContext | None) -> None:
        """Connect, turn TLS on where it was asked for (never without it), and log in."""
        # Each address of the relay is tried; all of them together are to take no longer than one.
        found = socket.getaddrinfo(self._relay.host, self._relay.port, type=socket.SOCK_STREAM)
        smtp.timeout = self._limits.connect / len(found)
        code, reply = smtp.connect(self._relay.host, self._relay.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, reply)
        assert smtp.sock is not None
        smtp.sock.settimeout(self._limits.command)
        if self._relay.scheme == "smtp+starttls":
            smtp.starttls(context=context)
        smtp.ehlo_or_helo_if_needed()
        if self._relay.user:
            smtp.login(self._relay.user, self._relay.password)

    def _drop(self) -> None:
        if self._smtp:
            self._smtp.close()
        self._smtp = None

    @contextmanager
    def _cut_after(self, seconds: float) -> Iterator[None]:
        """End the dialogue from outside if it takes longer, wherever it stands by then."""
        over = Event()
        guard = Thread(target=self._cut, args=(seconds, over), daemon=True)
        guard.start()
        try:
            yield
        finally:
            over.set()

    def _cut(self, wait: float, over: Event) -> None:
        """Cut again and again: a connection that is being made has no socket yet that could be cut."""
        while not over.wait(wait):
            wait = CUT_AGAIN_SECONDS
            if self._smtp and self._smtp.sock:
                with suppress(OSError):
                    self._smtp.sock.shutdown(socket.SHUT_RDWR)


def _check_time(before: float) -> None:
    if monotonic() >= before:
        raise NotSent(Verdict.LATER, "the way to the relay took too long")


def _answers(smtp: smtplib.SMTP) -> bool:
    """Whether the relay still listens on a connection that has been used."""
    try:
        return smtp.rset()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False


def _verdict(error: Exception) -> NotSent:
    if not isinstance(error, OSError | smtplib.SMTPException):
        return NotSent(Verdict.BROKEN, describe(error))
    code = answers.code_of(error)
    if code in LOGIN_NEEDED:
        return NotSent(Verdict.CHANNEL, answers.words_of(error), code)
    if not 500 <= code < 600:
        return NotSent(Verdict.LATER, answers.words_of(error), code)
    # A refused sender is our own fault and would be refused for every mail, unless it was this mail's size.
    ours = isinstance(error, smtplib.SMTPSenderRefused) and code != TOO_LARGE
    return NotSent(Verdict.CHANNEL if ours else Verdict.REFUSED, answers.words_of(error), code)
