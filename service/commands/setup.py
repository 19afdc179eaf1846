"""`headsup init` and `headsup migrate`: make and upgrade an installation."""

import base64
import os
import secrets
import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from models import Role
from service.access import actions, passwords, queries
from service.commands import door
from service.commands.access import BY, PasswordStdin, new_password
from service.commands.door import Json
from service.kit import schema
from service.kit.clock import SystemClock
from service.kit.database import Database
from service.kit.settings import SETTINGS_FILE, Settings

WRITTEN = ("secret_key", "signing_key")
HEAD = """\
# Settings of this Headsup installation. The environment wins over this file; a line that begins with # is a default.
# Keep it secret: the keys sign sessions, links and trained models.
"""


def init(
    email: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Login of the first administrator.")] = None,
    name: Annotated[str, typer.Option(help="The administrator's name.")] = "Administrator",
    *,
    password_stdin: PasswordStdin = False,
    as_json: Json = False,
) -> None:
    """Make the data folder: settings with fresh keys, the database, a first administrator.

    It can be run again: what is there stays as it is, and you are told so.
    """
    folder = door.data_dir()
    done: dict[str, Any] = {"data_dir": str(folder), "settings": write_settings(folder)}
    settings = door.load_settings()
    if settings.embedded and not settings.database_url:
        # Names, addresses and hashes: its owner's only, as the journal files that SQLite puts beside it then are, too.
        os.close(os.open(folder / "headsup.db", os.O_RDWR | os.O_CREAT, 0o600))
    with closing(Database(settings.database)) as db:
        done["schema"] = schema.upgrade(db)
        done |= _first_administrator(db, settings, email, name, from_stdin=password_stdin)
    if as_json:
        door.answer(done)
        return
    for key, value in done.items():
        door.say(f"{key:12} {value}")
    door.say("\nNext: `headsup serve`, and `headsup key create NAME --scope ingest` for what sends metrics.")


def migrate(*, as_json: Json = False) -> None:
    """Bring the database to the schema of this version. Safe to run again, and by several at once."""
    settings = door.load_settings()
    with closing(Database(settings.database)) as db:
        revision = schema.upgrade(db)
    if as_json:
        door.answer({"schema": revision})
    else:
        door.say(f"The database is at {revision}.")


def write_settings(folder: Path) -> str:
    """Write `settings.env` with new keys, readable by its owner only, unless it is there; tell which."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / SETTINGS_FILE
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return f"{path} was there"
    with os.fdopen(handle, "w") as file:
        file.write(settings_text())
    return f"{path} made"


def settings_text() -> str:
    """The text of a new settings file: fresh keys, and every other setting as a comment."""
    keys = {
        "secret_key": secrets.token_urlsafe(32),
        "signing_key": base64.b64encode(secrets.token_bytes(32)).decode(),
    }
    lines = [HEAD] + [f"HEADSUP_{name.upper()}={value}" for name, value in keys.items()]
    for name, field in Settings.model_fields.items():
        if name not in {*WRITTEN, "data_dir"}:
            lines += ["", f"# {field.description}", f"# HEADSUP_{name.upper()}={door.shown(field.default)}"]
    return "\n".join(lines) + "\n"


def _first_administrator(
    db: Database, settings: Settings, email: str | None, name: str, *, from_stdin: bool
) -> dict[str, str]:
    with db.read() as session:
        there = queries.operators(session)
    if there:
        return {"operators": f"{len(there)} were there"}
    if email is None and not sys.stdin.isatty():
        return {"operators": "none yet: give --email, or run `headsup operator add EMAIL --role admin`"}
    email = email or typer.prompt("Email of the first administrator", err=True)
    password, made_up = new_password(settings, from_stdin=from_stdin)
    words, now = passwords.fitting_words(settings, email, name), SystemClock().now()
    with db.begin() as session:
        actions.add_operator(session, email, name, Role.ADMIN, password, by=BY, now=now, words=words, made_up=made_up)
    done = {"operators": f"{email} may sign in as admin"}
    return done | ({"password": f"{password}  (shown once, to be changed)"} if made_up else {})
