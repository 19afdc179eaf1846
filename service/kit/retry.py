"""Whole transactions, done again where the database says that they lost a race."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from service.kit.database import Database, Session

T = TypeVar("T")
TRIES = 4
# serialization_failure and deadlock_detected: PostgreSQL undid the transaction, doing it again is right.
LOST_RACES = frozenset({"40001", "40P01"})


def transact(db: Database, work: Callable[[Session], T], *, rows: int = 1) -> T:
    """Run `work` in a transaction, again from the start if it lost a race. Its answer is committed.

    Where only one can write, others may be committed with it; `rows` tells how much it is.
    """
    for _ in range(TRIES - 1):
        try:
            return db.together(work, rows=rows)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in LOST_RACES:
                raise
    return db.together(work, rows=rows)
