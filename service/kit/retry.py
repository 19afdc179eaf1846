"""Whole transactions, done again where the database says that they lost a race."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from service.kit.database import Database, Session

T = TypeVar("T")
Item = TypeVar("Item")
TRIES = 4
# serialization_failure and deadlock_detected: PostgreSQL undid the transaction, doing it again is right.
LOST_RACES = frozenset({"40001", "40P01"})


def transact(db: Database, work: Callable[[Session], T], *, rows: int = 1) -> T:
    """Run `work` in a transaction, again from the start if it lost a race. Its answer is committed.

    Where only one can write, others may be committed with it; `rows` tells how much it is.
    """
    return _until_won(lambda: db.together(work, rows=rows))


def transact_merged(db: Database, work: Callable[[Session, list[Item]], list[T]], item: Item, *, rows: int) -> T:
    """Like `transact`, with all that wait for the same work: it is called once for them and answers to each item."""
    return _until_won(lambda: db.merged(work, item, rows=rows))


def _until_won(run: Callable[[], T]) -> T:
    for _ in range(TRIES - 1):
        try:
            return run()
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in LOST_RACES:
                raise
    return run()
