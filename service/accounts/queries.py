"""SQL of accounts and reps.

Several requests may bring the same new account at once: rows are made with ON CONFLICT DO NOTHING and locked in the
order of their ids, so that one waits for the other instead of failing.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from models import Account, Rep
from service.accounts.rules import AccountNotFound
from service.kit.database import Session
from service.kit.sql import batches, insert_missing, is_sqlite


def account(session: Session, external_id: str) -> Account:
    """The account of that id, with its rep.

    Raises:
        AccountNotFound: there is none.
    """
    wanted = select(Account).where(Account.external_id == external_id).options(joinedload(Account.rep))
    found = session.scalar(wanted.execution_options(populate_existing=True))
    if found is None:
        raise AccountNotFound("Accounts come in with observations, or by PUT /v1/accounts/{account_id}.")
    return found


def accounts(session: Session, *, after: str, limit: int) -> list[Account]:
    """Accounts with their reps, by id, from the one behind `after`."""
    page = select(Account).where(Account.external_id > after).order_by(Account.external_id).limit(limit)
    return list(session.scalars(page.options(joinedload(Account.rep))))


def account_ids(session: Session, external_ids: Collection[str]) -> dict[str, int]:
    """The keys of those accounts that exist."""
    found: dict[str, int] = {}
    for batch in batches(external_ids):
        pairs = select(Account.external_id, Account.id).where(Account.external_id.in_(batch))
        found.update(session.execute(pairs).all())
    return found


def unknown_accounts(session: Session, external_ids: Collection[str]) -> list[str]:
    """Those of the ids that no account has."""
    return sorted(set(external_ids) - account_ids(session, external_ids).keys())


def account_ids_made(
    session: Session, external_ids: Collection[str], *, now: datetime
) -> tuple[dict[str, int], list[str]]:
    """The keys of all these accounts, and which of them had to be made."""
    found = account_ids(session, external_ids)
    if found.keys() == set(external_ids):
        return found, []
    new = add_missing_accounts(session, external_ids, now=now)
    return account_ids(session, external_ids), new


def add_missing_accounts(session: Session, external_ids: Collection[str], *, now: datetime) -> list[str]:
    """Make the accounts that do not exist yet, named by their ids; tell which."""
    missing = unknown_accounts(session, external_ids)
    stamps = {"created_at": now, "updated_at": now}
    insert_missing(session, Account, [{"external_id": each, "name": each, **stamps} for each in missing])
    return missing


def add_missing_reps(session: Session, time_zones: Mapping[str, str], *, now: datetime) -> None:
    """Make the reps that do not exist yet, each in the time zone beside its address: a rep lives near its accounts."""
    rows = [{"email": email, "time_zone": zone, "created_at": now} for email, zone in sorted(time_zones.items())]
    insert_missing(session, Rep, rows)


def lock_accounts(session: Session, external_ids: Collection[str]) -> dict[str, Account]:
    """Those accounts, for change."""
    locked: dict[str, Account] = {}
    for batch in batches(sorted(external_ids)):
        rows = select(Account).where(Account.external_id.in_(batch)).order_by(Account.external_id)
        fresh = rows.with_for_update().execution_options(populate_existing=True)
        locked.update({each.external_id: each for each in session.scalars(fresh)})
    return locked


def lock_reps(session: Session, emails: Collection[str]) -> dict[str, Rep]:
    """Those reps, for change."""
    locked: dict[str, Rep] = {}
    for batch in batches(sorted(emails)):
        rows = select(Rep).where(Rep.email.in_(batch)).order_by(Rep.email)
        fresh = rows.with_for_update().execution_options(populate_existing=True)
        locked.update({each.email: each for each in session.scalars(fresh)})
    return locked


def touch(session: Session, keys: Collection[int]) -> None:
    """Note that new data came in for these accounts: they are to be scored again."""
    for batch in batches(sorted(keys)):
        # Locked in order first: an UPDATE takes its rows in any order, and two of them could wait for each other. As
        # weakly as the UPDATE itself: rows that point to the account may go on being written.
        if not is_sqlite(session):
            rows = select(Account.id).where(Account.id.in_(batch)).order_by(Account.id)
            session.execute(rows.with_for_update(key_share=True))
        session.execute(
            update(Account)
            .where(Account.id.in_(batch))
            .values(data_version=Account.data_version + 1)
            .execution_options(synchronize_session=False)
        )
