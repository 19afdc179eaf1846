"""SQL of complaints."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from models import Complaint
from service.kit.database import Session
from service.kit.sql import batches, insert_missing


def add_missing_complaints(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert those whose id is not there yet; give them in the order of their ids."""
    insert_missing(session, Complaint, rows)


def known_complaints(session: Session, external_ids: Collection[str]) -> set[str]:
    """Which of these ids exist."""
    return {
        found
        for batch in batches(external_ids)
        for found in session.scalars(select(Complaint.external_id).where(Complaint.external_id.in_(batch)))
    }


def lock_complaints(session: Session, external_ids: Collection[str]) -> dict[str, Complaint]:
    """Those complaints, for change."""
    locked: dict[str, Complaint] = {}
    for batch in batches(sorted(external_ids)):
        rows = select(Complaint).where(Complaint.external_id.in_(batch)).order_by(Complaint.external_id)
        fresh = rows.with_for_update().execution_options(populate_existing=True)
        locked.update({each.external_id: each for each in session.scalars(fresh)})
    return locked
