"""The outbox: what was sent to whom, word for word."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from models import MailState
from service.console import letters
from service.console.doors import SignedIn
from service.console.headers import CSP
from service.console.pages import page
from service.console.queries import mail as queries
from service.console.queries import queue
from service.kit.http import Db, Now

router = APIRouter(prefix="/mail", include_in_schema=False)


@router.get("")
def mail_list(db: Db, visitor: SignedIn, now: Now, state: MailState | None = None) -> HTMLResponse:
    with db.read() as session:
        facts: dict[str, Any] = {"shell": queue.shell(session, now=now), "mails": queries.outbox(session, state)}
    return page("mails.html", visitor, now, state=state, states=MailState, **facts)


@router.get("/{mail_id}")
def mail_page(mail_id: UUID, db: Db, visitor: SignedIn, now: Now) -> HTMLResponse:
    with db.read() as session:
        mail = queries.mail(session, mail_id)
        shell = queue.shell(session, now=now)
    answer = page("mail.html", visitor, now, mail=mail, letter=letters.read(mail.content), shell=shell)
    answer.headers["Content-Security-Policy"] = f"{CSP}; frame-src 'self'"
    return answer


@router.get("/{mail_id}/html")
def mail_html(mail_id: UUID, db: Db, _visitor: SignedIn) -> HTMLResponse:
    """The HTML part alone, for the frame of the page: it can run nothing and reach nothing."""
    with db.read() as session:
        mail = queries.mail(session, mail_id)
    headers = {"Content-Security-Policy": letters.CSP}
    return HTMLResponse(letters.read(mail.content).html, headers=headers)
