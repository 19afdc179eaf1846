"""Rows of which there may be only one, whoever writes first."""

from typing import Any
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite

from models import Mail, Update
from service.kit.database import Session
from service.kit.sql import is_sqlite


def insert_once(session: Session, table: type[Update | Mail], row: dict[str, Any]) -> UUID | None:
    """Insert a row and return its id; None where another worker was faster."""
    dialect = sqlite if is_sqlite(session) else postgresql
    statement = dialect.insert(table).values(row).on_conflict_do_nothing().returning(table.id)
    inserted: UUID | None = session.scalar(statement)
    return inserted
