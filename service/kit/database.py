"""One way into the database, the same on SQLite and PostgreSQL."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from service.kit import crash, sqlite
from service.kit.groups import OUTAGES, Groups
from service.kit.patience import Patience
from service.kit.revisions import Revision
from service.kit.turns import Turns

__all__ = ["OUTAGES", "Database", "Session"]

T = TypeVar("T")
Item = TypeVar("Item")

# Errors must not quote parameters: they hold names and addresses, and errors are logged. The connection that was given
# back last is taken first: each keeps pages (SQLite, up to 2 MB) and plans in memory, so that few are to be warm.
POOL: dict[str, Any] = {
    "pool_size": 20, "max_overflow": 24, "pool_timeout": 2, "pool_use_lifo": True, "hide_parameters": True
}  # fmt: skip
# A peer that is gone without a word is given up after ten seconds while it owes an answer, else within a minute.
NETWORK = {"tcp_user_timeout": 10_000, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
CONNECT_SECONDS = 3
# How long a writer waits for the others, and how long it sleeps between two looks whether they have ended. SQLite
# itself sleeps longer the longer it has waited, so that whoever comes last goes first and some wait for seconds.
TURN_SECONDS = 10
LOOK_SECONDS = (0.001, 0.004)
BRIEF = text("SET LOCAL lock_timeout = '500ms'")
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
        self._turns = Turns()
        self._groups = Groups(lambda: self._turns.take(within=TURN_SECONDS), self._brief, self._transaction)
        self.written = Revision()
        """Renewed after each commit of this process that lists may show, so that nobody is shown less than what they
        were told is done."""

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def begin(self, *, listed: bool = True) -> Iterator[Session]:
        """Write: commits when the block ends well, rolls back when it raises.

        Where nothing of it is in any list, lists that were read before need not be read anew.
        """
        with self._turn(first=False), self._transaction(listed=listed) as session:
            yield session

    def together(self, work: Callable[[Session], T], *, rows: int) -> T:
        """Write, and share the commit with others where only one can write; `work` may be done again.

        Waiting for the disk takes most of a small transaction's time: the more wait, the more each wait is worth.
        """
        if self.is_sqlite:
            return self._groups.run(lambda session, _items: [work(session)], None, rows)
        with self.begin() as session:
            return work(session)

    def merged(self, work: Callable[[Session, list[Item]], list[T]], item: Item, *, rows: int) -> T:
        """Write, on both databases, and have it done with all that wait for the same work, in one call of it.

        It answers to each item in their order, and may be called again.
        """
        return self._groups.run(work, item, rows)

    @contextmanager
    def begin_first(self) -> Iterator[Session]:
        """Write before all others who wait to: what has happened outside, and is lost if this process dies now."""
        with self._turn(first=True), self._transaction() as session:
            yield session

    @contextmanager
    def _transaction(self, *, listed: bool = True) -> Iterator[Session]:
        with self._writing.begin() as session:
            yield session
            crash.point("before-commit")
        if listed:
            self.written.renew()
        crash.point("after-commit")

    @contextmanager
    def _brief(self) -> Iterator[Session]:
        """A transaction for several: a lock that somebody keeps must hold up those alone who want it."""
        with self._transaction() as session:
            if not self.is_sqlite:
                session.execute(BRIEF)
            yield session

    def _turn(self, *, first: bool) -> AbstractContextManager[None]:
        """Where only one can write, the threads of this process take turns."""
        return self._turns.take(within=TURN_SECONDS, first=first) if self.is_sqlite else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Look at one consistent state; whatever was changed is thrown away."""
        with self._reading() as session:
            yield session

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


def _sqlite(url: str) -> Engine:
    engine = create_engine(url, module=sqlite.dbapi, connect_args={"timeout": TURN_SECONDS}, **POOL)

    @event.listens_for(engine, "connect")
    def _configure(connection: DBAPIConnection, _record: Any) -> None:
        # The driver must not open transactions by itself: its legacy mode loses updates.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # A read that turns into a write later fails at once instead of waiting, so writers say so first.
        if connection.get_execution_options().get("headsup_read_only"):
            connection.exec_driver_sql("BEGIN")
        else:
            _begin_to_write(connection)

    return engine


def _begin_to_write(connection: Connection) -> None:
    """Begin as soon as no other process writes."""
    connection.exec_driver_sql("PRAGMA busy_timeout=0")
    until = time.monotonic() + TURN_SECONDS
    try:
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                break
            except OperationalError as error:
                if "database is locked" not in str(error.orig) or time.monotonic() > until:
                    raise
            time.sleep(random.uniform(*LOOK_SECONDS))  # noqa: S311  no secret
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={TURN_SECONDS}000")


def _postgresql(url: str) -> Engine:
    limits = "-c lock_timeout=4s -c statement_timeout=120s -c idle_in_transaction_session_timeout=60s"
    # The server, too, is to notice within a minute that its client has gone without a word; it would take two hours.
    alive = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
    options = {"options": f"{limits} {alive} -c timezone=UTC", "connect_timeout": CONNECT_SECONDS, **NETWORK}
    engine = create_engine(url, pool_pre_ping=True, **POOL, connect_args=options)
    Patience(engine)
    return engine
