"""A whole database as one file, and back: SQLite's online backup, PostgreSQL's dump in its custom format."""

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import URL, inspect

from models import Base
from service.kit import sqlite
from service.kit.database import Database
from service.kit.errors import Conflict, Unavailable

VERSION_TABLE = "alembic_version"
POSTGRESQL_TOOLS = Path("/usr/lib/postgresql")


class ToolMissing(Unavailable):
    """A program of PostgreSQL is not installed here."""


class CopyFailed(Unavailable):
    """The database could not be copied."""


class NotEmpty(Conflict):
    """There is a database already."""


def write(db: Database, path: Path) -> None:
    """Copy the database, as it is at one instant, while others go on writing; return when the copy is on disk.

    Raises:
        CopyFailed, ToolMissing: the detail says why.
    """
    if db.is_sqlite:
        _write_sqlite(db, path)
    else:
        owner = ["--no-owner", "--no-privileges"]
        _run("pg_dump", db.engine.url, [*owner, "--format=custom", "--lock-wait-timeout=60s", f"--file={path}"])
    sync(path)


def read_sqlite(source: Path, target: Path) -> None:
    """Copy a backup to where it will be opened."""
    shutil.copyfile(source, target)
    sync(target)


def read_postgresql(source: Path, db: Database) -> None:
    """Fill an empty database, all of it or nothing, but for the line that says which schema it has.

    Without that line no Headsup works on it: so nothing is sent from it before it is finished.

    Raises:
        NotEmpty: it has tables of Headsup.
        CopyFailed, ToolMissing: the detail says why.
    """
    if {VERSION_TABLE, *Base.metadata.tables} & set(inspect(db.engine).get_table_names()):
        raise NotEmpty("Give HEADSUP_DATABASE_URL the name of an empty database.")
    listed = _run("pg_restore", None, ["--list", str(source)])
    chosen = source.parent / f".{source.name}.list"
    lines = (line for line in listed.splitlines() if f" TABLE DATA public {VERSION_TABLE} " not in line)
    chosen.write_text("\n".join(lines) + "\n")
    try:
        how = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", f"--use-list={chosen}"]
        _run("pg_restore", db.engine.url, [*how, str(source)])
    finally:
        chosen.unlink()


def sync(path: Path) -> None:
    """Return when a file or folder is on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_sqlite(db: Database, path: Path) -> None:
    source, target = db.engine.raw_connection(), sqlite.dbapi.connect(str(path))
    try:
        # In one step: that is one snapshot, and with a write-ahead log it keeps no writer waiting.
        source.driver_connection.backup(target)  # type: ignore[union-attr]
        # One file, without a log beside it.
        target.execute("PRAGMA journal_mode=DELETE")
        found = target.execute("PRAGMA integrity_check").fetchone()[0]
    finally:
        target.close()
        source.close()
    if found != "ok":
        raise CopyFailed(f"SQLite says: {found}.")


def _run(program: str, url: URL | None, arguments: list[str]) -> str:
    environment = dict(os.environ)
    if url is not None:
        # The list of processes shows arguments to everybody: the password goes another way.
        if url.password:
            environment["PGPASSWORD"] = str(url.password)
        plain = URL.create(
            "postgresql", url.username, None, url.host, url.port, url.database, url.query
        ).render_as_string(hide_password=False)
        arguments = [f"--dbname={plain}", *arguments]
    done = subprocess.run(  # noqa: S603  its name is ours, its arguments are no shell's
        [_tool(program), *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CopyFailed(f"{program}: {done.stderr.strip()[-500:]}")
    return done.stdout


def _tool(program: str) -> str:
    """The newest one: it reads and writes the formats of all older servers."""
    found = sorted(POSTGRESQL_TOOLS.glob(f"*/bin/{program}"), key=lambda path: int(path.parts[-3]))
    path = str(found[-1]) if found else shutil.which(program)
    if path is None:
        raise ToolMissing(f"{program} comes with PostgreSQL's client, Debian's package postgresql-client.")
    return path
