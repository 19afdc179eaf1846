"""What came back and waits for somebody: replies, addresses that fail, mails that nobody could read."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from pydantic import Field
from starlette.responses import Response

from service.console.doors import Working
from service.console.pages import go
from service.kit.fields import Line, Prose
from service.kit.http import Config, Db, Now
from service.replies import actions, answers

router = APIRouter(prefix="/todo", include_in_schema=False)


@router.post("/replies/{reply_id}/close")
def close_reply(
    request: Request,
    reply_id: UUID,
    db: Db,
    visitor: Working,
    now: Now,
    *,
    back: Annotated[Line, Form(max_length=10)] = "",
) -> Response:
    """Say that a reply needs nothing more; `back` is "alert" where it was read beside its alert."""
    with db.begin() as session:
        reply = actions.close_reply(session, reply_id, by=visitor.actor, now=now)
    return go(request, f"/alerts/{reply.alert_id}" if back == "alert" and reply.alert_id else "/todo#replies")


@router.post("/replies/{reply_id}/answer")
def answer_reply(
    request: Request,
    reply_id: UUID,
    db: Db,
    visitor: Working,
    now: Now,
    *,
    settings: Config,
    text: Annotated[Prose, Field(min_length=1), Form(max_length=2000)],
) -> Response:
    """Write back to the rep, in the thread, without an update of the alert."""
    with db.begin() as session:
        reply = answers.answer(session, reply_id, text, settings, by=visitor.actor, now=now)
    return go(request, f"/alerts/{reply.alert_id}#replies" if reply.alert_id else "/todo#replies")


@router.post("/addresses/clear")
def clear_address(
    request: Request, db: Db, visitor: Working, now: Now, *, address: Annotated[Line, Form(max_length=254)]
) -> Response:
    """Send mails to an address again."""
    with db.begin() as session:
        actions.clear_address(session, address, by=visitor.actor, now=now)
    return go(request, "/todo#addresses")


@router.post("/inbound/{inbound_id}/close")
def close_unreadable(request: Request, inbound_id: UUID, db: Db, visitor: Working, now: Now) -> Response:
    """Say that somebody has looked at a mail that Headsup could not read."""
    with db.begin() as session:
        actions.close_unreadable(session, inbound_id, by=visitor.actor, now=now)
    return go(request, "/todo#unreadable")
