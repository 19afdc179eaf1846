"""One way into the database, the same on SQLite and PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from service.kit import crash

__all__ = ["OUTAGES", "Database", "Session"]

OUTAGES = (OperationalError, InterfaceError, PoolTimeout)
"""What is raised while the database is away."""

# Errors must not quote parameters: they hold names and addresses, and errors are logged.
POOL: dict[str, Any] = {"pool_size": 20, "max_overflow": 20, "pool_timeout": 5, "hide_parameters": True}
# A peer that is gone without a word is given up after ten seconds while it owes an answer, else within a minute.
NETWORK = {"tcp_user_timeout": 10_000, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
READ_ONLY = {"postgresql_readonly": True, "headsup_read_only": True}


class Database:
    """The engine and its two doors: `begin()` to write, `read()` to look.

    A door is one transaction and is opened in a route, a worker step or a command, never below.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _sqlite(url) if url.startswith("sqlite") else _postgresql(url)
        self._writing = sessionmaker(self.engine, expire_on_commit=False)
        self._reading = sessionmaker(self.engine.execution_options(**READ_ONLY), expire_on_commit=False)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """Write: commits when the block ends well, rolls back when it raises."""
        with self._writing.begin() as session:
            yield session
            crash.point("before-commit")
        crash.point("after-commit")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Look at one consistent state; whatever was changed is thrown away."""
        with self._reading() as session:
            yield session

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


def _sqlite(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 10}, **POOL)

    @event.listens_for(engine, "connect")
    def _configure(connection: DBAPIConnection, _record: Any) -> None:
        # The driver must not open transactions by itself: its legacy mode loses updates.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # A read that turns into a write later fails at once instead of waiting, so writers say so first.
        read_only = connection.get_execution_options().get("headsup_read_only")
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _postgresql(url: str) -> Engine:
    limits = "-c lock_timeout=10s -c statement_timeout=120s -c idle_in_transaction_session_timeout=60s"
    return create_engine(
        url,
        pool_pre_ping=True,
        **POOL,
        connect_args={"options": f"{limits} -c timezone=UTC", "connect_timeout": 5, **NETWORK},
    )
