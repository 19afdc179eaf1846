"""The queue: what needs somebody now."""

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import HTMLResponse

from service.alerts import queries as alert_queries
from service.console.doors import SignedIn, Watching
from service.console.pages import page
from service.console.panel import panel_facts, row_facts
from service.console.queries import queue as queries
from service.console.queries.queue import Filter, Order, View
from service.kit.fields import Line, Moment
from service.kit.http import Db, Now
from service.scoring.queries import alert_line

router = APIRouter(include_in_schema=False)


def _filter(
    view: View = View.TO_DO,
    rep: Annotated[Line, Query(max_length=254)] = "",
    segment: Annotated[Line, Query(max_length=100)] = "",
    search: Annotated[Line, Query(alias="q", max_length=200)] = "",
    order: Order = Order.STAKE,
) -> Filter:
    return Filter(view, rep, segment, search, order)


Wanted = Annotated[Filter, Depends(_filter)]


@router.get("/")
def queue_page(
    db: Db, visitor: SignedIn, now: Now, wanted: Wanted, selected: Annotated[UUID | None, Query(alias="alert")] = None
) -> HTMLResponse:
    with db.read() as session:
        alerts = queries.queue(session, wanted, me=visitor.actor)
        line = alert_line(session)
        chosen = alert_queries.alert(session, selected) if selected else None
        facts = {
            "shell": queries.shell(session, now=now),
            "counts": queries.view_counts(session, me=visitor.actor),
            "reps": queries.rep_choices(session),
            "segments": queries.segments(session),
            "waiting": queries.waiting(session, line),
            "line": line,
            "rows": row_facts(session, alerts, today=now.date()),
            **(panel_facts(session, chosen, visitor, now=now) if chosen else {"alert": None}),
        }
    return page(
        "queue.html",
        visitor,
        now,
        wanted=wanted,
        views=View,
        orders=Order,
        alerts=alerts,
        here=_here,
        sent=False,
        **facts,
    )


@router.get("/queue/news")
def queue_news(db: Db, visitor: Watching, now: Now, wanted: Wanted, since: Moment) -> HTMLResponse:
    """Say how many alerts came since the page was made. The page itself stays as it is: nothing moves by itself."""
    with db.read() as session:
        fresh = queries.opened_since(session, since)
        shell = queries.shell(session, now=now)
    return page("news.html", visitor, now, fresh=fresh, shell=shell, wanted=wanted, since=since, here=_here)


def _here(wanted: Filter, **changed: Any) -> str:
    """The URL of this view with some of it changed; what is empty is left out."""
    facts = {"view": wanted.view, "rep": wanted.rep, "segment": wanted.segment, "q": wanted.search}
    facts |= {"order": wanted.order} | changed
    kept = {name: value for name, value in facts.items() if value and value not in {View.TO_DO, Order.STAKE}}
    return "/?" + urlencode(kept) if kept else "/"
