"""HTTP of the outbox: what waits, went out or was given up; hold it, release it, send a mail again."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from models import MailState
from service.access.guards import Operating, Reader
from service.kit.cursors import Cursor, read_cursor, write_cursor
from service.kit.database import Session
from service.kit.http import Config, Db, Now, problems
from service.updates import actions, holds
from service.updates.queries import listing
from service.updates.schemas import HoldIn, HoldList, HoldOut, MailOut, MailPage

router = APIRouter(prefix="/v1/outbox", tags=["outbox"])


@router.get("")
def list_mails(
    db: Db,
    settings: Config,
    now: Now,
    _caller: Reader,
    *,
    state: MailState | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Cursor = None,
) -> MailPage:
    """List mails with where each stands, the newest first, and what holds them back. Their texts are in the console."""
    wanted = listing.Wanted(state, _after(read_cursor(settings, "outbox", cursor, str, str)), limit + 1)
    with db.read() as session:
        found = listing.page(session, wanted)
        held = _held(session, now)
    shown = found[:limit]
    more = len(found) > limit
    following = write_cursor(settings, "outbox", shown[-1].created_at.isoformat(), str(shown[-1].id)) if more else None
    return MailPage(items=[MailOut.model_validate(each) for each in shown], next=following, holds=held)


@router.post("/hold", responses=problems(400, 413, 415))
def hold_outbox(body: HoldIn, db: Db, caller: Operating, now: Now) -> HoldList:
    """Let no mail go out until somebody releases them. Nothing is lost. What is held already stays as it is."""
    with db.begin() as session:
        holds.hold_all(session, body.reason, by=caller.actor, now=now)
        return HoldList(holds=_held(session, now))


@router.post("/release")
def release_outbox(db: Db, caller: Operating, now: Now) -> HoldList:
    """Let mails go out again: end every hold, one for a storm too. Doing it again changes nothing."""
    with db.begin() as session:
        holds.release_all(session, by=caller.actor, now=now)
        return HoldList(holds=_held(session, now))


@router.post("/{mail_id}/again", status_code=204, responses=problems(404, 409))
def send_again(mail_id: UUID, db: Db, caller: Operating, now: Now) -> None:
    """Send a mail that was given up (`parked`, `suppressed`) after all.

    One that could not be composed is composed anew.
    """
    with db.begin() as session:
        actions.send_again(session, listing.mail(session, mail_id), by=caller.actor, now=now)


def _held(session: Session, now: datetime) -> list[HoldOut]:
    return [HoldOut.model_validate(hold) for hold in holds.standing(session, now=now)]


def _after(position: tuple[str, str] | None) -> tuple[datetime, UUID] | None:
    return (datetime.fromisoformat(position[0]), UUID(position[1])) if position else None
