"""Transactions that share a commit: where one writes at a time, those who wait for the disk wait for it together."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

T = TypeVar("T")
OUTAGES = (OperationalError, InterfaceError, PoolTimeout)
"""What is raised while the database is away."""
MOST_ROWS = 10_000
"""A transaction as large as the largest request is not made longer."""


@dataclass(eq=False)
class _Member:
    work: Callable[[Session], Any]
    rows: int
    answer: Any = None
    error: Exception | None = None
    is_done: bool = False

    def end(self, answer: Any = None, error: Exception | None = None) -> None:
        self.answer, self.error, self.is_done = answer, error, True


class Groups:
    """Whoever has the turn to write does the work of those behind, too, who then find it done."""

    def __init__(
        self,
        turn: Callable[[], AbstractContextManager[None]],
        transaction: Callable[[], AbstractContextManager[Session]],
    ) -> None:
        self._turn = turn
        self._transaction = transaction
        self._lock = threading.Lock()
        self._waiting: list[_Member] = []

    def run(self, work: Callable[[Session], T], rows: int) -> T:
        """The answer of `work`, which is committed. It may be done in another thread, and again after a rollback."""
        mine = _Member(work, rows)
        with self._lock:
            self._waiting.append(mine)
        try:
            with self._turn():
                if not mine.is_done:
                    self._do(self._group(mine))
        finally:
            with self._lock:
                if mine in self._waiting:
                    self._waiting.remove(mine)
        if mine.error is not None:
            raise mine.error
        answer: T = mine.answer
        return answer

    def _group(self, mine: _Member) -> list[_Member]:
        """Take out one's own work and what else waits, in its order, as far as it fits."""
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
            group, rows = [mine], mine.rows
            while self._waiting and rows + self._waiting[0].rows <= MOST_ROWS:
                group.append(self._waiting.pop(0))
                rows += group[-1].rows
        return group

    def _do(self, group: list[_Member]) -> None:
        try:
            with self._transaction() as session:
                answers = [member.work(session) for member in group]
        except OUTAGES as error:
            for member in group:
                member.end(error=error)
        except Exception as error:  # noqa: BLE001  it is raised where it belongs
            # Nothing of it was kept: each again by itself, so that what is wrong with one is no other's trouble.
            if len(group) == 1:
                group[0].end(error=error)
            else:
                for member in group:
                    self._do([member])
        else:
            for member, answer in zip(group, answers, strict=True):
                member.end(answer)
