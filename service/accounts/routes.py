"""HTTP of accounts."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from service.access.guards import Ingester, Reader
from service.accounts import actions, queries
from service.accounts.schemas import COLUMNS, EXAMPLE, AccountIn, AccountList, AccountOut, AccountRow, AccountsStored
from service.kit.bodies import Body, documented, rows_of
from service.kit.cursors import Cursor, read_cursor, write_cursor
from service.kit.fields import Id
from service.kit.http import Config, Db, Now, problems
from service.kit.retry import transact
from service.kit.rows import check_rows

router = APIRouter(prefix="/v1/accounts", tags=["accounts"])
CURSOR = "accounts"
DOCUMENTED: dict[str, Any] = documented("accounts", AccountRow, {"account_id": "northwind", **EXAMPLE})


@router.post("", responses=problems(400, 413, 415), openapi_extra=DOCUMENTED)
def put_accounts(
    caller: Ingester, body: Body, db: Db, settings: Config, now: Now, *, dry_run: bool = False
) -> AccountsStored:
    """Make or replace many accounts.

    Good rows are stored, bad rows come back with index, field and reason; a field left out becomes empty.
    `?dry_run=true` answers the same and stores nothing.
    """
    rows = rows_of(body, "accounts", COLUMNS, max_rows=settings.max_rows)
    checked = check_rows(AccountRow, rows)
    if dry_run:
        with db.read() as session:
            new = queries.unknown_accounts(session, {row.account_id for row in checked.good})
    else:
        new = transact(
            db,
            lambda session: actions.put_accounts(session, checked.good, by=caller.actor, now=now),
            rows=len(checked.good),
        )
    return AccountsStored(
        accepted=len(checked.good), rejected=checked.rejected, problems=checked.problems, new_accounts=new
    )


@router.get("", responses=problems())
def list_accounts(
    _caller: Reader,
    db: Db,
    settings: Config,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    cursor: Cursor = None,
) -> AccountList:
    """List accounts by id, a page at a time."""
    (after,) = read_cursor(settings, CURSOR, cursor, str) or ("",)
    with db.read() as session:
        found = queries.accounts(session, after=after, limit=limit + 1)
        items = [AccountOut.of(account) for account in found[:limit]]
    more = len(found) > limit
    return AccountList(items=items, next=write_cursor(settings, CURSOR, items[-1].account_id) if more else None)


# An account's id may hold a slash: these two take the rest of the path, so they come after all others.
@router.put("/{account_id:path}", responses=problems(400, 413, 415))
def put_account(caller: Ingester, account_id: Id, sent: AccountIn, db: Db, now: Now) -> AccountOut:
    """Make an account, or replace all that is known of it: a field left out becomes empty."""
    return transact(
        db,
        lambda session: AccountOut.of(actions.put_account(session, account_id, sent, by=caller.actor, now=now)),
    )


@router.get("/{account_id:path}", responses=problems(404))
def get_account(_caller: Reader, account_id: Id, db: Db) -> AccountOut:
    """Tell what is known of an account."""
    with db.read() as session:
        return AccountOut.of(queries.account(session, account_id))
