"""Rows of which there may be only one, whoever writes first."""

from typing import Any
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite

from models import Hold, Mail, Telling, Update
from service.kit.database import Session
from service.kit.sql import is_sqlite


def insert_once(session: Session, table: type[Update | Mail | Telling | Hold], row: dict[str, Any]) -> UUID | None:
    """Insert a row and return its id; None where another worker was faster."""
    dialect = sqlite if is_sqlite(session) else postgresql
    (key,) = table.__table__.primary_key
    statement = dialect.insert(table).values(row).on_conflict_do_nothing().returning(key)
    inserted: UUID | None = session.scalar(statement)
    return inserted
