"""SQL of news."""

from datetime import date
from uuid import UUID

from sqlalchemy import select

from models import Account, NewsLine
from service.kit.database import Session
from service.kit.errors import NotFound

SHOWN = 200


class NewsNotFound(NotFound):
    """There is no such news."""


def standing(session: Session, *, since: date) -> list[NewsLine]:
    """News that are told on that day or later, the first first."""
    rows = select(NewsLine).where(NewsLine.until_day >= since)
    return list(session.scalars(rows.order_by(NewsLine.from_day, NewsLine.created_at, NewsLine.id).limit(SHOWN)))


def segments(session: Session) -> list[str]:
    """The segments that accounts have."""
    rows = select(Account.segment).where(Account.segment.is_not(None)).distinct().order_by(Account.segment)
    return [segment for segment in session.scalars(rows) if segment]


def line(session: Session, news_id: UUID) -> NewsLine:
    """One of them.

    Raises:
        NewsNotFound: there is none with this id.
    """
    found = session.get(NewsLine, news_id)
    if found is None:
        raise NewsNotFound("Look at /v1/news for those that there are.")
    return found


def remove(session: Session, row: NewsLine) -> None:
    session.delete(row)
    session.flush()
