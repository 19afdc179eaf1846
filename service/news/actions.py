"""Say what is new, and take it back."""

from datetime import datetime
from uuid import UUID

from models import NewsLine
from service.access.actions import record
from service.kit.database import Session
from service.kit.errors import Invalid
from service.news import queries
from service.news.schemas import NewsIn


class NewsOver(Invalid):
    """News end on the day on which they begin or later, and not in the past."""


def add_news(session: Session, sent: NewsIn, *, by: str, now: datetime) -> NewsLine:
    """Let reps know what is new, in the next weekly mail of each within its days.

    Raises:
        NewsOver: nobody would ever read it.
    """
    if sent.until_day < max(sent.from_day, now.date()):
        raise NewsOver("Give a last day that lies ahead.")
    row = NewsLine(**sent.model_dump(exclude={"segment"}), segment=sent.segment or None, made_by=by, created_at=now)
    session.add(row)
    session.flush()
    record(session, by, "news.add", str(row.id), now=now)
    return row


def remove_news(session: Session, news_id: UUID, *, by: str, now: datetime) -> None:
    """Take news back; weekly mails that went out keep them.

    Raises:
        NewsNotFound: there is none with this id.
    """
    queries.remove(session, queries.line(session, news_id))
    record(session, by, "news.remove", str(news_id), now=now)
