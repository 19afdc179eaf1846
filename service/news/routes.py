"""HTTP of news."""

from uuid import UUID

from fastapi import APIRouter

from service.access.guards import Operating, Reader
from service.kit.http import Db, Now, problems
from service.news import actions, queries
from service.news.schemas import NewsIn, NewsList, NewsOut

router = APIRouter(prefix="/v1/news", tags=["news"])


@router.get("")
def list_news(db: Db, _caller: Reader, now: Now) -> NewsList:
    """List what is new: what weekly mails tell today or later."""
    with db.read() as session:
        found = queries.standing(session, since=now.date())
        return NewsList(items=[NewsOut.model_validate(each) for each in found])


@router.post("", status_code=201, responses=problems(400, 413, 415))
def add_news(body: NewsIn, db: Db, caller: Operating, now: Now) -> NewsOut:
    """Let reps know what they may tell their clients."""
    with db.begin() as session:
        return NewsOut.model_validate(actions.add_news(session, body, by=caller.actor, now=now))


@router.delete("/{news_id}", status_code=204, responses=problems(404))
def remove_news(news_id: UUID, db: Db, caller: Operating, now: Now) -> None:
    """Take news back; weekly mails that went out keep them."""
    with db.begin() as session:
        actions.remove_news(session, news_id, by=caller.actor, now=now)
