"""Bring the database to the schema that this program knows."""

import random
import time
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from models import Base
from service.kit.database import Database, Session
from service.kit.errors import Unavailable

UPGRADER_LOCK = 4_711_001
# Shorter than the second after which PostgreSQL looks for a deadlock and ends one of the two, which may be a client's.
LOCK_MILLISECONDS = 700
TABLE_HELD = {"55P03", "40P01"}
GIVES_UP_AFTER, PAUSE_SECONDS = 60, (0.1, 0.5)


class SchemaMismatch(Unavailable):
    """The database does not have the schema that this program needs."""


def upgrade(db: Database, *, since: str = "", then: Callable[[Session], None] | None = None) -> str:
    """Run the missing migrations in one transaction and return the revision reached. One upgrader at a time.

    `since` is the revision of a database that does not say it itself; `then` is done in the same transaction. Who holds
    a table that is wanted is not waited for with other tables in hand: all is undone and begun again, for a minute.
    """
    until = time.monotonic() + GIVES_UP_AFTER
    while True:
        try:
            return _upgrade(db, since, then)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in TABLE_HELD or time.monotonic() > until:
                raise
        time.sleep(random.uniform(*PAUSE_SECONDS))  # noqa: S311  no secret


def _upgrade(db: Database, since: str, then: Callable[[Session], None] | None) -> str:
    with db.engine.begin() as connection:
        if not db.is_sqlite:
            connection.execute(text("SET LOCAL lock_timeout = '60s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": UPGRADER_LOCK})
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_MILLISECONDS}ms'"))
        if since:
            command.stamp(_config(connection), since)
        command.upgrade(_config(connection), "head")
        if then:
            with Session(connection) as session:
                then(session)
                session.commit()
        return _current(connection) or ""


def downgrade(db: Database, revision: str) -> None:
    """Go back to a revision ("base" for an empty database)."""
    with db.engine.begin() as connection:
        command.downgrade(_config(connection), revision)


def check(db: Database) -> None:
    """Refuse to begin work on a database that is older or newer than this program.

    Raises:
        SchemaMismatch: the revision differs from the newest one known here; the detail says what to do.
    """
    current = revision(db)
    if current != head():
        raise _mismatch(current)


def check_running(db: Database) -> None:
    """Refuse a database that is older than this program, which runs already.

    One that was upgraded meanwhile is fine: steps only add, so that who runs goes on until it is restarted.

    Raises:
        SchemaMismatch: it is older, or empty.
    """
    current = revision(db)
    if current != head() and _is_older(current):
        raise _mismatch(current)


def _is_older(current: str | None) -> bool:
    return current is None or current in _known()


def _mismatch(current: str | None) -> SchemaMismatch:
    older = "run `headsup migrate`"
    advice = older if _is_older(current) else "it was made by a newer Headsup: install that version"
    return SchemaMismatch(f"The database is at {current or 'nothing'}, this program needs {head()}: {advice}.")


def differences(db: Database) -> list[object]:
    """List what the tables in `models/` and the migrated database disagree about."""
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def head() -> str:
    """The newest revision that this program knows."""
    return _known()[0]


def revision(db: Database) -> str | None:
    """The revision of a database; None where there is none yet."""
    with db.engine.connect() as connection:
        return _current(connection)


@cache
def _known() -> tuple[str, ...]:
    """All revisions, the newest first; as they were when the program began, whatever is installed over it later."""
    return tuple(step.revision for step in _scripts().walk_revisions())


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection | None = None) -> Config:
    spec = find_spec("migrations")
    assert spec is not None
    assert spec.origin is not None
    config = Config()
    config.set_main_option("script_location", str(Path(spec.origin).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
