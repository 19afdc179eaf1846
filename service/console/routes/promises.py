"""Make a promise to a client, change it, or say how it ended; what is new, for reps to tell their clients."""

from datetime import date
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import HTMLResponse, Response

from models import CommitmentState
from service.accounts.queries import account as account_by_id
from service.commitments import actions as commitments
from service.commitments import queries as commitment_queries
from service.commitments.schemas import CommitmentChange, CommitmentIn, Ending, Promise, dominoes_lines
from service.console.doors import Leading, SignedIn, Working
from service.console.pages import go, page
from service.console.queries import queue
from service.console.rules import local_number
from service.kit.fields import Day, Id, Line, Prose, Word
from service.kit.http import Db, Now
from service.news import actions as news
from service.news import queries as news_queries
from service.news.schemas import NewsIn, Text

router = APIRouter(include_in_schema=False)


def _said(
    promise: Annotated[Promise, Form()],
    due: Annotated[date, Form()],
    metric: Annotated[Line, Form(max_length=100)] = "",
    target: Annotated[Line, Form(max_length=40)] = "",
    dominoes: Annotated[Prose, Form(max_length=4_000)] = "",
) -> dict[str, Any]:
    return {
        "promise": promise,
        "due": due,
        "metric": metric or None,
        "target": local_number(target) if metric else None,
        "dominoes": dominoes_lines(dominoes),
    }


Said = Annotated[dict[str, Any], Depends(_said)]


@router.post("/commitments")
def make_commitment(
    request: Request, db: Db, visitor: Working, now: Now, *, account_id: Annotated[Id, Form()], said: Said
) -> Response:
    sent = CommitmentIn(account_id=account_id, **said)
    with db.begin() as session:
        account = account_by_id(session, account_id)
        commitments.make_commitment(session, account, sent, by=visitor.actor, now=now)
    return go(request, _promises(account_id))


@router.post("/commitments/{commitment_id}")
def change_commitment(
    request: Request, commitment_id: UUID, db: Db, visitor: Working, now: Now, *, said: Said
) -> Response:
    with db.begin() as session:
        found = commitment_queries.commitment(session, commitment_id)
        commitments.change_commitment(session, found, CommitmentChange(**said), by=visitor.actor, now=now)
        account_id = found.account.external_id
    return go(request, _promises(account_id))


@router.post("/commitments/{commitment_id}/close")
def close_commitment(
    request: Request, commitment_id: UUID, db: Db, visitor: Working, now: Now, *, state: Annotated[Ending, Form()]
) -> Response:
    with db.begin() as session:
        found = commitment_queries.commitment(session, commitment_id)
        ended = CommitmentState(state.value)
        commitments.close_commitment(session, found, ended, by=visitor.actor, now=now)
        account_id = found.account.external_id
    return go(request, _promises(account_id))


@router.post("/commitments/{commitment_id}/reopen")
def reopen_commitment(request: Request, commitment_id: UUID, db: Db, visitor: Working, now: Now) -> Response:
    with db.begin() as session:
        found = commitment_queries.commitment(session, commitment_id)
        commitments.reopen_commitment(session, found, by=visitor.actor, now=now)
        account_id = found.account.external_id
    return go(request, _promises(account_id))


def _promises(account_id: str) -> str:
    return f"/accounts/{quote(account_id, safe='')}#promises"


@router.get("/news")
def news_page(db: Db, visitor: SignedIn, now: Now) -> HTMLResponse:
    with db.read() as session:
        facts: dict[str, Any] = {
            "shell": queue.shell(session, now=now),
            "news": news_queries.standing(session, since=now.date()),
            "segments": news_queries.segments(session),
        }
    return page("whats_new.html", visitor, now, today=now.astimezone(visitor.zone).date(), **facts)


@router.post("/news")
def add_news(
    request: Request,
    db: Db,
    visitor: Leading,
    now: Now,
    *,
    text: Annotated[Text, Form()],
    from_day: Annotated[Day, Form()],
    until_day: Annotated[Day, Form()],
    segment: Annotated[Word, Form()] = "",
) -> Response:
    sent = NewsIn(text=text, from_day=from_day, until_day=until_day, segment=segment or None)
    with db.begin() as session:
        news.add_news(session, sent, by=visitor.actor, now=now)
    return go(request, "/news")


@router.post("/news/{news_id}/remove")
def remove_news(request: Request, news_id: UUID, db: Db, visitor: Leading, now: Now) -> Response:
    with db.begin() as session:
        news.remove_news(session, news_id, by=visitor.actor, now=now)
    return go(request, "/news")
