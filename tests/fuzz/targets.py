"""A03: what reads bytes that somebody else made, each with bytes that are right to begin with.

A target lets those errors pass that its callers turn into an answer. Any other is a finding.
"""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from service.access.rules import KeyInvalid, new_key, split_key
from service.kit import links, tags
from service.kit.bodies import rows_of
from service.kit.cursors import CursorInvalid, read_cursor, write_cursor
from service.kit.errors import Invalid
from service.kit.rows import check_rows
from service.kit.settings import Settings
from service.metrics.schemas import OBSERVATION_COLUMNS, ObservationIn
from service.replies import quotes, sorting
from service.scoring import sealed
from service.updates.ways_back import BOUNCE, REPLY

SETTINGS = Settings(
    secret_key=SecretStr("k" * 43),
    signing_key=SecretStr("c2lnbmluZy1rZXktb2YtdGhlLXRlc3Qtc3VpdGUtMDE="),
    inbound_address="reply@headsup.example",
    _env_file=None,
)
ID = links.sign(SETTINGS, "acknowledge", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff")
CSV = b'account_id,metric,observed_at,value\n"a,""b",late_share,2026-03-02T12:00:00Z,0.19\n'
PLAIN = b"""From: Rita <rita@example.com>\r\nTo: %s\r\nSubject: Re: Heads-up\r\nMessage-ID: <1@example.com>\r
Content-Type: text/plain; charset=utf-8\r\n\r\nI have it.\r\n\r\nOn Mon, Ola wrote:\r\n> Northwind may call.\r\n"""
REPORT = b"""From: MAILER-DAEMON@mx.example\r\nTo: %s\r\nSubject: Undelivered\r\nAuto-Submitted: auto-replied\r
Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\n\r\nFailed.\r\n--x\r
Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; a@b\r
Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 unknown\r\n\r\n--x--\r\n"""


@dataclass(frozen=True)
class Target:
    """A reader of bytes, and what is right for it."""

    read: Callable[[bytes], object]
    seeds: Sequence[bytes]


def token(data: bytes) -> None:
    """A key, a link's token, a cursor, the tag of an address."""
    text = data.decode("utf-8", "surrogateescape")
    for reader in (
        lambda: split_key(text),
        lambda: links.subject_of(SETTINGS, "acknowledge", text),
        lambda: read_cursor(SETTINGS, "accounts", text, str),
    ):
        with suppress(KeyInvalid, links.LinkInvalid, CursorInvalid):
            reader()
    tags.subject_of(SETTINGS, REPLY, [text])


def mail(data: bytes) -> None:
    """A reply, a delivery report, or anything that a mailbox brings."""
    found = sorting.sort(data, SETTINGS)
    if found.words:
        quotes.own_words(found.words.body)


def rows(data: bytes) -> None:
    """Observations in each format but Parquet, whose reader is native code of another project."""
    for kind in ("text/csv", "application/x-ndjson", "application/json"):
        try:
            sent = rows_of((kind, data), "observations", OBSERVATION_COLUMNS, max_rows=1_000)
        except Invalid:
            continue
        check_rows(ObservationIn, sent)


class Artefact:
    """The files of a signed model with the signature file replaced."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="headsup-fuzz-"))
        files = {sealed.MODEL: b"numbers", sealed.CARD: b"{}"}
        self.sha256 = sealed.write(self.folder, "v1", files, SETTINGS.signing_key)
        self.file = self.folder / "v1" / sealed.SIGNATURE
        self.right = self.file.read_bytes()

    def read(self, data: bytes) -> None:
        """Nothing but the file as it was signed is taken."""
        self.file.write_bytes(data)
        try:
            sealed.read(self.folder, "v1", self.sha256, SETTINGS.signing_key)
        except sealed.ArtifactRefused:
            return
        assert data == self.right, "a signature file that was edited was taken"

    def close(self) -> None:
        shutil.rmtree(self.folder)


def targets(artefact: Artefact) -> dict[str, Target]:
    """All of them, by name."""
    addresses = [tags.tagged(SETTINGS, purpose, sorting.UUID(int=1)).encode() for purpose in (REPLY, BOUNCE)]
    cursor = write_cursor(SETTINGS, "accounts", "northwind")
    return {
        "token": Target(token, [new_key().text.encode(), ID.encode(), cursor.encode(), *addresses]),
        "mail": Target(mail, [PLAIN % addresses[0], REPORT % addresses[1]]),
        "rows": Target(rows, [CSV, b'{"observations": [{"account_id": "a", "value": 1}]}', b'{"value": 1}\n{}\n']),
        "artefact": Target(artefact.read, [artefact.right]),
    }
