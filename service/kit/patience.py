"""A PostgreSQL that takes what is sent and never answers is given up; one that is slow is waited for.

TCP cannot tell them apart: a proxy, or a server that stands still, confirms every packet. So whoever has waited for a
second asks over a connection of its own which backends are at work. No answer means that the server is gone; an
answer without one's own backend, twice, means that the connection is.
"""

import threading
from collections.abc import Generator
from contextlib import closing
from functools import partial
from time import monotonic
from typing import Any, NamedTuple

from sqlalchemy import Dialect, Engine, event

PATIENCE = 1.0
"""Seconds without an answer before the server is asked."""
TO_ANSWER = 2
"""Seconds that it has to answer that; the driver knows no shorter time to connect in. With CONNECT_SECONDS of the
database these are all the waits that a statement on a dead connection can add up to: six seconds."""
AGAIN, STANDS = 1.0, 0.5
"""Seconds until the next doubt, and for how long an answer is good: those who wait at the same time ask once."""
KNOWN_GONE, KNOWN_FULL = 1.0, 0.5
"""Seconds for which nobody tries to connect to a server that did not answer, or let nobody in: it costs both sides."""
AT_WORK = "SELECT pid FROM pg_stat_activity WHERE state IS NULL OR state NOT LIKE 'idle%'"


class Answer(NamedTuple):
    """What the server said: whether it is there, and which backends are at work, None where that cannot be told."""

    is_there: bool
    at_work: frozenset[int] | None = None


class Patience:
    """Watches over the connections of an engine."""

    def __init__(self, engine: Engine) -> None:
        self._dialect, self._url = engine.dialect, engine.url
        self._lock = threading.Lock()
        self._asked_at, self._answer = float("-inf"), Answer(is_there=True)
        self._refused_at = float("-inf")
        event.listen(engine, "connect", self._watch)
        event.listen(engine, "do_connect", self._connect)

    def _watch(self, connection: Any, _record: object) -> None:
        """Let what waits on a connection doubt. psycopg looks in every tenth of a second while nothing comes."""
        wait = connection.wait
        connection.wait = lambda gen, *limits, **more: wait(self._doubting(connection, gen), *limits, **more)

    def _doubting(self, connection: Any, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        doubt_at, missed = monotonic() + PATIENCE, 0
        try:
            wants = next(gen)
            while True:
                ready = yield wants
                if not ready and monotonic() >= doubt_at:
                    answer = self._ask()
                    lost = answer.at_work is not None and connection.info.backend_pid not in answer.at_work
                    missed = missed + 1 if lost else 0
                    if not answer.is_there or missed > 1:
                        connection.close()
                        raise self._gone()
                    doubt_at = monotonic() + (STANDS if missed else AGAIN)
                wants = gen.send(ready)
        except StopIteration as end:
            return end.value

    def _connect(self, dialect: Dialect, _record: object, args: Any, options: Any) -> Any:
        """Open a connection, unless it is known that nobody would answer, or let us in."""
        if not self._answer.is_there and monotonic() < self._asked_at + KNOWN_GONE:
            raise self._gone()
        if monotonic() < self._refused_at + KNOWN_FULL:
            raise self._gone("the server lets nobody in")
        try:
            return dialect.connect(*args, **options)
        except self._dialect.loaded_dbapi.OperationalError as error:
            if _is_refusal(error):
                self._refused_at = monotonic()
            raise

    def _gone(self, how: str = "the server does not answer") -> Exception:
        error: Exception = self._dialect.loaded_dbapi.OperationalError(how)
        return error

    def _ask(self) -> Answer:
        with self._lock:
            if monotonic() >= self._asked_at + STANDS:
                self._answer = self._look()
                self._asked_at = monotonic()
            return self._answer

    def _look(self) -> Answer:
        driver = self._dialect.loaded_dbapi
        arguments, options = self._dialect.create_connect_args(self._url)
        try:
            with closing(driver.connect(*arguments, **{**options, "connect_timeout": TO_ANSWER})) as connection:
                connection.wait = partial(connection.wait, timeout=TO_ANSWER)
                return Answer(is_there=True, at_work=frozenset(pid for (pid,) in connection.execute(AT_WORK)))
        except driver.OperationalError as error:
            return Answer(is_there=_is_refusal(error))


def _is_refusal(error: Any) -> bool:
    """Whether the server itself said no, which is an answer: it is full, or has just been started."""
    return error.sqlstate is not None or "FATAL" in str(error)
