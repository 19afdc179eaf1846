"""SQL that both databases speak, in their dialects."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy.dialects import postgresql, sqlite

from models import Base
from service.kit.database import Session

T = TypeVar("T")
# PostgreSQL takes at most 65,535 parameters in a statement, SQLite 32,766.
PER_STATEMENT = 5_000


def batches(items: Iterable[T], size: int = PER_STATEMENT) -> Iterator[list[T]]:
    """Cut into lists of at most `size`."""
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch


def is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def upsert(session: Session, table: type[Base], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows that name the same columns; one with the same primary key is overwritten."""
    insert = sqlite.insert if is_sqlite(session) else postgresql.insert
    key = [column.name for column in table.__table__.primary_key]
    for batch in batches(rows):
        statement: Any = insert(table)
        changed = {name: statement.excluded[name] for name in batch[0] if name not in key}
        session.execute(statement.on_conflict_do_update(index_elements=key, set_=changed), [dict(row) for row in batch])


def insert_missing(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose key is not there yet. Give them in the order of their key, or two callers deadlock."""
    if not rows:
        return
    dialect = sqlite if is_sqlite(session) else postgresql
    session.execute(dialect.insert(table).on_conflict_do_nothing(), rows)
