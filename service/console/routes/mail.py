"""The outbox: what was sent to whom, word for word."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from pydantic import Field
from starlette.responses import HTMLResponse, Response

from models import MailState
from service.console import letters
from service.console.doors import SignedIn, Working
from service.console.headers import CSP
from service.console.pages import go, page
from service.console.queries import mail as queries
from service.console.queries import queue
from service.kit.fields import Line
from service.kit.http import Db, Now
from service.updates import holds
from service.updates.queries import listing

Reason = Annotated[Line, Field(min_length=1, max_length=300)]

router = APIRouter(prefix="/mail", include_in_schema=False)


@router.get("")
def mail_list(
    db: Db,
    visitor: SignedIn,
    now: Now,
    *,
    state: MailState | None = None,
    q: Annotated[Line, Query(max_length=200)] = "",
    number: Annotated[int, Query(alias="page", ge=1, le=1000)] = 1,
) -> HTMLResponse:
    with db.read() as session:
        found = queries.outbox(session, state, q, number)
        facts: dict[str, Any] = {
            "shell": queue.shell(session, now=now),
            "counts": queries.counts(session),
            "holds": holds.standing(session, now=now),
        }
    mails, more = found[: queries.SHOWN], len(found) > queries.SHOWN
    facts |= {"mails": mails, "more": more, "number": number, "wanted": q, "state": state, "states": MailState}
    return page("mails.html", visitor, now, **facts)


@router.post("/hold")
def hold_all(request: Request, db: Db, visitor: Working, now: Now, *, reason: Annotated[Reason, Form()]) -> Response:
    with db.begin() as session:
        holds.hold_all(session, reason, by=visitor.actor, now=now)
    return go(request, "/mail")


@router.post("/release")
def release_all(request: Request, db: Db, visitor: Working, now: Now) -> Response:
    with db.begin() as session:
        holds.release_all(session, by=visitor.actor, now=now)
    return go(request, "/mail")


@router.get("/{mail_id}")
def mail_page(mail_id: UUID, db: Db, visitor: SignedIn, now: Now) -> HTMLResponse:
    with db.read() as session:
        mail = listing.mail(session, mail_id)
        shell = queue.shell(session, now=now)
    answer = page("mail.html", visitor, now, mail=mail, letter=letters.read(mail.content), shell=shell)
    answer.headers["Content-Security-Policy"] = f"{CSP}; frame-src 'self'"
    return answer


@router.get("/{mail_id}/html")
def mail_html(mail_id: UUID, db: Db, _visitor: SignedIn) -> HTMLResponse:
    """The HTML part alone, for the frame of the page: it can run nothing and reach nothing."""
    with db.read() as session:
        mail = listing.mail(session, mail_id)
    headers = {"Content-Security-Policy": letters.CSP}
    return HTMLResponse(letters.read(mail.content).html, headers=headers)
