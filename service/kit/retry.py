"""Whole transactions, done again where the database says that they lost a race."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from service.kit.database import Database, Session

T = TypeVar("T")
TRIES = 4
# serialization_failure and deadlock_detected: PostgreSQL undid the transaction, doing it again is right.
LOST_RACES = frozenset({"40001", "40P01"})


def transact(db: Database, work: Callable[[Session], T]) -> T:
    """Run `work` in a transaction of its own, again from the start if it lost a race. Its answer is committed."""
    for _ in range(TRIES - 1):
        try:
            with db.begin() as session:
                return work(session)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in LOST_RACES:
                raise
    with db.begin() as session:
        return work(session)
