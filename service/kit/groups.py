"""Transactions that share a commit: who waits while another writes is done with the others who wait.

What is alike is done as one: a statement costs Python more than its rows do, so the more wait, the less each costs.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

T = TypeVar("T")
Item = TypeVar("Item")
OUTAGES = (OperationalError, InterfaceError, PoolTimeout)
"""What is raised while the database is away."""
LOCKED = "55P03"
"""PostgreSQL's lock_not_available."""
MOST_ROWS = 10_000
"""A transaction as large as the largest request is not made longer."""


@dataclass(eq=False)
class _Member:
    work: Callable[[Session, list[Any]], list[Any]]
    item: Any
    rows: int
    answer: Any = None
    error: Exception | None = None
    is_done: bool = False
    goes_alone: bool = False

    def end(self, answer: Any = None, error: Exception | None = None, *, goes_alone: bool = False) -> None:
        self.answer, self.error, self.goes_alone, self.is_done = answer, error, goes_alone, True


class Groups:
    """Whoever has the turn to write does the work of those behind, too, who then find it done.

    `brief` is a transaction that soon gives up waiting for a lock. Then each goes alone, in one that has more patience.
    """

    def __init__(
        self,
        turn: Callable[[], AbstractContextManager[None]],
        brief: Callable[[], AbstractContextManager[Session]],
        transaction: Callable[[], AbstractContextManager[Session]],
    ) -> None:
        self._turn = turn
        self._brief = brief
        self._transaction = transaction
        self._lock = threading.Lock()
        self._waiting: list[_Member] = []

    def run(self, work: Callable[[Session, list[Item]], list[T]], item: Item, rows: int) -> T:
        """What `work` answers to `item`, committed.

        It is called with all items that wait for the same work in a row, and answers in their order; it may be
        called in another thread, and again after a rollback.
        """
        mine = _Member(work, item, rows)
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
        if mine.goes_alone:
            with self._transaction() as session:
                (alone,) = work(session, [item])
            return alone
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
            with self._brief() as session:
                answers: list[Any] = []
                for work, alike in groupby(group, attrgetter("work")):
                    answers += work(session, [member.item for member in alike])
        except OUTAGES as error:
            locked = getattr(getattr(error, "orig", None), "sqlstate", None) == LOCKED
            for member in group:
                member.end(error=error, goes_alone=locked)
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
