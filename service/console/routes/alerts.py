"""Read an alert and act on it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import HTMLResponse, Response

from models import WrongReason
from service.alerts import actions
from service.alerts import queries as alert_queries
from service.console.attempt import Trying
from service.console.doors import SignedIn
from service.console.pages import page
from service.console.panel import panel_facts
from service.console.queries.queue import shell
from service.kit.fields import Line, Moment, Prose
from service.kit.http import Db, Now

router = APIRouter(prefix="/alerts/{alert_id}", include_in_schema=False)

Text = Annotated[Prose, Form(max_length=2000)]


@router.get("")
def alert_page(alert_id: UUID, db: Db, visitor: SignedIn, now: Now, *, sent: bool = False) -> HTMLResponse:
    with db.read() as session:
        alert = alert_queries.alert(session, alert_id)
        facts = panel_facts(session, alert, visitor, now=now) | {"shell": shell(session, now=now), "sent": sent}
    return page("alert.html", visitor, now, **facts)


@router.get("/panel")
def alert_panel(alert_id: UUID, db: Db, visitor: SignedIn, now: Now) -> HTMLResponse:
    with db.read() as session:
        facts = panel_facts(session, alert_queries.alert(session, alert_id), visitor, now=now)
    return page("panel.html", visitor, now, embedded=True, sent=False, **facts)


@router.post("/acknowledge")
def acknowledge(attempt: Trying) -> Response:
    return attempt.act(actions.acknowledge)


@router.post("/assign")
def assign(attempt: Trying, to: Annotated[Line, Form(max_length=254)]) -> Response:
    return attempt.act(actions.assign, to)


@router.post("/snooze")
def snooze(
    attempt: Trying,
    until: Annotated[Moment | None, Form()] = None,
    risk: Annotated[float | None, Form(ge=0, le=1)] = None,
) -> Response:
    return attempt.act(actions.snooze, until=until, risk=risk)


@router.post("/resolve")
def resolve(attempt: Trying, text: Text = "") -> Response:
    return attempt.act(actions.resolve, text)


@router.post("/wrong")
def mark_wrong(
    attempt: Trying, reason: Annotated[WrongReason, Form()] = WrongReason.OTHER, text: Text = ""
) -> Response:
    return attempt.act(actions.mark_wrong, text, reason)
