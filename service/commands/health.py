"""`headsup check`: tell whether this installation is fit to run."""

import base64
import binascii
import shutil
import smtplib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Literal
from urllib.parse import urlsplit

import typer
from pydantic import ValidationError

from service.access import queries
from service.commands import door
from service.commands.door import Json
from service.kit import durability, schema, sqlite
from service.kit.clock import SystemClock
from service.kit.database import OUTAGES, Database
from service.kit.settings import Settings
from service.replies import imap
from service.replies.imap import MailboxAway

GB = 1024**3
SMTP_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it is, and what to do."""

    about: str
    state: Literal["ok", "warning", "bad"]
    detail: str


def check(*, as_json: Json = False) -> None:
    """Check settings, database, schema, mail server, disk and clock; exit code 1 if something is bad."""
    findings = list(_findings())
    bad = any(finding.state == "bad" for finding in findings)
    if as_json:
        door.answer({"ok": not bad, "findings": [asdict(finding) for finding in findings]})
    else:
        door.table([asdict(finding) for finding in findings], empty="")
    if bad:
        raise typer.Exit(door.FAILED)


def _findings() -> Iterator[Finding]:
    try:
        settings = Settings.load(door.data_dir())
    except ValidationError as error:
        yield from (Finding("settings", "bad", sentence) for sentence in door.wrong_settings(error))
        return
    yield Finding("settings", "ok", str(settings.settings_file))
    yield from _keys(settings)
    yield from _database(settings)
    yield _smtp(settings)
    yield _inbound(settings)
    yield _disk(settings)


def _keys(settings: Settings) -> Iterator[Finding]:
    long_enough = len(settings.secret_key.get_secret_value()) >= 32
    yield (
        Finding("secret key", "ok", "set")
        if long_enough
        else Finding("secret key", "bad", "missing or shorter than 32 characters: run `headsup init`")
    )
    try:
        seed = base64.b64decode(settings.signing_key.get_secret_value(), validate=True)
    except binascii.Error:
        seed = b""
    yield (
        Finding("signing key", "ok", "set")
        if len(seed) == 32
        else Finding("signing key", "bad", "not 32 bytes in base64: run `headsup init`")
    )


def _database(settings: Settings) -> Iterator[Finding]:
    if settings.embedded:
        yield _sqlite()
    db: Database | None = None
    try:
        db = door.open_db(settings)
        yield Finding("database", "ok", db.engine.url.render_as_string(hide_password=True))
        yield _durability(db, settings)
        yield _clock(db)
    except (schema.SchemaMismatch, door.NotInitialised) as error:
        yield Finding("database", "bad", error.detail)
    except OUTAGES as error:
        yield Finding("database", "bad", f"does not answer: {door.first_line(error)}")
    finally:
        if db:
            db.close()


def _sqlite() -> Finding:
    if sqlite.is_sound():
        return Finding("SQLite", "ok", sqlite.version())
    sound = ".".join(map(str, sqlite.SOUND))
    advice = f"older than {sound}: only one process may work on the database; take PostgreSQL where it matters"
    return Finding("SQLite", "warning", f"{sqlite.version()} is {advice}")


def _durability(db: Database, settings: Settings) -> Finding:
    try:
        durability.check(db)
    except durability.NotDurable as error:
        return Finding("durability", "warning" if settings.unsafe_durability else "bad", error.detail)
    return Finding("durability", "ok", "a commit waits for the disk")


def _clock(db: Database) -> Finding:
    """A clock that was set back would make the newest entry of the audit log lie in the future."""
    now = SystemClock().now()
    with db.read() as session:
        newest = queries.audit_entries(session, limit=1)
    if newest and newest[0].at > now + timedelta(minutes=1):
        return Finding("clock", "bad", f"{now:%Y-%m-%d %H:%M} UTC is before the newest entry of the audit log")
    return Finding("clock", "ok", f"{now:%Y-%m-%d %H:%M} UTC")


def _smtp(settings: Settings) -> Finding:
    if not settings.smtp_url:
        return Finding("mail", "warning", "HEADSUP_SMTP_URL is empty: mails stay queued")
    url = urlsplit(settings.smtp_url)
    kind = smtplib.SMTP_SSL if url.scheme == "smtps" else smtplib.SMTP
    try:
        with kind(url.hostname or "", url.port or SMTP_PORTS.get(url.scheme, 25), timeout=5) as server:
            server.noop()
    except (OSError, smtplib.SMTPException) as error:
        return Finding("mail", "bad", f"{url.hostname}:{url.port} does not answer: {error}")
    return Finding("mail", "ok", f"{url.hostname} answers")


def _inbound(settings: Settings) -> Finding:
    if not settings.inbound_address:
        return Finding("replies", "warning", "HEADSUP_INBOUND_ADDRESS is empty: replies and bounces are read by people")
    if not settings.inbound_url:
        return Finding("replies", "ok", f"{settings.inbound_address}: a provider hands its mails over")
    try:
        with imap.opened(settings.inbound_url) as mailbox:
            waiting = len(mailbox.numbers())
    except MailboxAway as error:
        return Finding("replies", "bad", str(error))
    return Finding("replies", "ok", f"{settings.inbound_address}: {waiting} mails wait to be read")


def _disk(settings: Settings) -> Finding:
    folder = settings.data_dir if settings.data_dir.exists() else settings.data_dir.parent
    free = shutil.disk_usage(folder).free
    state: Literal["ok", "warning", "bad"] = "ok" if free > GB else "warning" if free > GB / 10 else "bad"
    return Finding("disk", state, f"{free / GB:.1f} GB free in {folder}")
