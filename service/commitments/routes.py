"""HTTP of promises: operations makes and closes them, everybody may read them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from models import CommitmentState
from service.access.guards import Operating, Reader
from service.accounts.queries import account as account_by_id
from service.commitments import actions, queries
from service.commitments.schemas import (
    CloseIn,
    CommitmentChange,
    CommitmentIn,
    CommitmentList,
    CommitmentOut,
    ShownCommitments,
)
from service.kit.cursors import Cursor, read_cursor, write_cursor
from service.kit.fields import Id
from service.kit.http import Config, Db, Now, problems

router = APIRouter(prefix="/v1/commitments", tags=["commitments"])
CURSOR = "commitments"
SAID = problems(400, 404, 409, 413, 415)


@router.get("")
def list_commitments(
    db: Db,
    settings: Config,
    _caller: Reader,
    *,
    account_id: Id | None = None,
    state: ShownCommitments = ShownCommitments.OPEN,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Cursor = None,
) -> CommitmentList:
    """List what clients were promised, what is due first first: the open promises unless you ask for others."""
    after = read_cursor(settings, CURSOR, cursor, str, str)
    with db.read() as session:
        found = queries.page(
            session, account=account_id, only=state, after=after and (after[0], after[1]), limit=limit + 1
        )
        items = [CommitmentOut.of(each) for each in found[:limit]]
    last = items[-1] if len(found) > limit else None
    following = write_cursor(settings, CURSOR, last.due.isoformat(), str(last.id)) if last else None
    return CommitmentList(items=items, next=following)


@router.post("", status_code=201, responses=SAID)
def make_commitment(body: CommitmentIn, db: Db, caller: Operating, now: Now) -> CommitmentOut:
    """Write down what a client was promised. The rep is told when it is at risk."""
    with db.begin() as session:
        account = account_by_id(session, body.account_id)
        made = actions.make_commitment(session, account, body, by=caller.actor, now=now)
        return CommitmentOut.of(queries.commitment(session, made.id))


@router.get("/{commitment_id}", responses=problems(404))
def show_commitment(commitment_id: UUID, db: Db, _caller: Reader) -> CommitmentOut:
    """Show one promise."""
    with db.read() as session:
        return CommitmentOut.of(queries.commitment(session, commitment_id))


@router.patch("/{commitment_id}", responses=SAID)
def change_commitment(
    commitment_id: UUID, body: CommitmentChange, db: Db, caller: Operating, now: Now
) -> CommitmentOut:
    """Change an open promise; what is left out stays as it is."""
    with db.begin() as session:
        found = queries.commitment(session, commitment_id)
        actions.change_commitment(session, found, body, by=caller.actor, now=now)
        session.expire(found)
        return CommitmentOut.of(queries.commitment(session, commitment_id))


@router.post("/{commitment_id}/close", responses=SAID)
def close_commitment(commitment_id: UUID, body: CloseIn, db: Db, caller: Operating, now: Now) -> CommitmentOut:
    """Say that a promise was kept, broken or cancelled."""
    with db.begin() as session:
        found = queries.commitment(session, commitment_id)
        actions.close_commitment(session, found, CommitmentState(body.state.value), by=caller.actor, now=now)
        return CommitmentOut.of(found)


@router.post("/{commitment_id}/reopen", responses=problems(404))
def reopen_commitment(commitment_id: UUID, db: Db, caller: Operating, now: Now) -> CommitmentOut:
    """Take back how a promise ended, if it was closed by mistake."""
    with db.begin() as session:
        found = queries.commitment(session, commitment_id)
        actions.reopen_commitment(session, found, by=caller.actor, now=now)
        return CommitmentOut.of(found)
