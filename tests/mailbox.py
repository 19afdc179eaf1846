"""A real SMTP server that keeps what it is sent, and that can be told to fail in a given way."""

# ruff: noqa: N802, ARG002  the names and arguments are aiosmtpd's

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller


def _parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, _class=EmailMessage, policy=policy.default)


@dataclass
class Mailbox:
    """`replies` are answers to come, by command ("MAIL", "RCPT", "DATA"); the text "drop" ends the connection.

    "drop-after" under "DATA" keeps the mail and ends the connection before it is confirmed.
    """

    url: str = ""
    delivered: list[tuple[str, bytes]] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    connections: int = 0
    replies: dict[str, list[str]] = field(default_factory=dict)

    @property
    def mails(self) -> list[EmailMessage]:
        return [_parsed(content) for _, content in self.delivered]

    def __dir__(self) -> list[str]:
        """All but `mails`: for each connection the server reads every member, and this one parses all that came."""
        return [name for name in super().__dir__() if name != "mails"]

    def to(self, address: str) -> list[EmailMessage]:
        return [_parsed(content) for recipient, content in self.delivered if recipient == address]

    def will(self, command: str, *replies: str) -> None:
        self.replies.setdefault(command, []).extend(replies)

    def _next(self, server, command):
        planned = self.replies.get(command)
        reply = planned.pop(0) if planned else None
        if reply in {"drop", "drop-after"}:
            server.transport.close()
        return reply

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        reply = self._next(server, "MAIL")
        if reply is None:
            envelope.mail_from = address
            self.senders.append(address)
        return reply or "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        reply = self._next(server, "RCPT")
        if reply is None:
            envelope.rcpt_tos.append(address)
        return reply or "250 OK"

    async def handle_DATA(self, server, session, envelope):
        reply = self._next(server, "DATA")
        if reply is None or reply == "drop-after":
            self.delivered += [(recipient, envelope.original_content) for recipient in envelope.rcpt_tos]
        return reply or "250 OK"


class _AnyPort(Controller):
    """Connects to the port that the system gave, to see that the server is up."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def open_mailbox(**options) -> Iterator[Mailbox]:
    mailbox = Mailbox()
    controller = _AnyPort(mailbox, hostname="127.0.0.1", port=0, **options)
    controller.start()
    mailbox.url = f"smtp://127.0.0.1:{controller.port}"
    try:
        yield mailbox
    finally:
        controller.stop(no_assert=True)
