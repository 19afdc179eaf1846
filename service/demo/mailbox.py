"""A real SMTP server on this machine that keeps every mail as a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Mailbox:
    """What was delivered: files in `folder`, and the new ones in memory until somebody reads them.

    `told` counts the mails to `reps`; the others go to operations.
    """

    folder: Path
    url: str = ""
    delivered: int = 0
    unread: list[EmailMessage] = field(default_factory=list)
    reps: frozenset[str] = frozenset()
    told: int = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802, aiosmtpd calls it
        """Keep a mail before it is confirmed to its sender."""
        content = envelope.original_content or b""
        self.delivered += 1
        self.told += not self.reps.isdisjoint(envelope.rcpt_tos)
        name = "".join(letter if letter.isalnum() else "-" for letter in envelope.rcpt_tos[0].partition("@")[0])
        (self.folder / f"{self.delivered:05d}-{name}.eml").write_bytes(content)
        self.unread.append(message_from_bytes(content, _class=EmailMessage, policy=policy.default))
        return "250 kept"

    def read(self) -> list[EmailMessage]:
        """Take out the mails that nobody has read."""
        new, self.unread = self.unread, []
        return new


@contextmanager
def open_mailbox(folder: Path) -> Iterator[Mailbox]:
    """Listen on a free port of this machine; `url` is for HEADSUP_SMTP_URL."""
    folder.mkdir(parents=True, exist_ok=True)
    mailbox = Mailbox(folder, delivered=len(list(folder.glob("*.eml"))))
    controller = _AnyPort(mailbox, hostname="127.0.0.1", port=0)
    controller.start()
    mailbox.url = f"smtp://127.0.0.1:{controller.port}"
    try:
        yield mailbox
    finally:
        controller.stop(no_assert=True)


class _AnyPort(Controller):
    """Takes the port that the system gives, and connects there to see that the server is up."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]
