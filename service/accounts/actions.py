"""Make and change accounts and their reps."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from models import Account, Rep
from service.access.actions import record
from service.accounts import queries
from service.accounts.schemas import AccountIn, AccountRow
from service.kit.database import Session


def put_account(session: Session, external_id: str, sent: AccountIn, *, by: str, now: datetime) -> Account:
    """Make the account, or replace what is known of it. The same twice changes nothing and leaves no trace."""
    put_accounts(session, [AccountRow(account_id=external_id, **sent.model_dump())], by=by, now=now)
    return queries.account(session, external_id)


def put_accounts(session: Session, sent: Sequence[AccountRow], *, by: str, now: datetime) -> list[str]:
    """Make or replace many accounts, the last of a repeated id counts; tell which are new."""
    wanted = {row.account_id: row for row in sent}
    emails = {row.rep_email: row.rep_time_zone or row.time_zone for row in wanted.values() if row.rep_email}
    new = set(queries.add_missing_accounts(session, wanted, now=now))
    queries.add_missing_reps(session, emails, now=now)
    accounts = queries.lock_accounts(session, wanted)
    reps = queries.lock_reps(session, emails)
    for external_id, row in wanted.items():
        account = accounts[external_id]
        rep = reps[row.rep_email] if row.rep_email else None
        changed = _change(account, _account_facts(row, rep)) + (_change(rep, _rep_facts(row)) if rep else [])
        if changed or external_id in new:
            account.updated_at = now
            record(session, by, "account.put", external_id, now=now, new=external_id in new, changed=changed)
    session.flush()
    return sorted(new)


def _account_facts(row: AccountRow, rep: Rep | None) -> dict[str, Any]:
    return {
        "name": row.name or row.account_id,
        "rep_id": rep.id if rep else None,
        "owner_email": row.owner_email,
        "value": row.value,
        "time_zone": row.time_zone,
        "started_on": row.started_on,
        "segment": row.segment or None,
    }


def _rep_facts(row: AccountRow) -> dict[str, Any]:
    """What the row says of the rep. A rep has several accounts: what one of them leaves open, another may know."""
    said = {
        "name": row.rep_name,
        "time_zone": row.rep_time_zone,
        "manager_email": row.rep_manager_email,
        "work_days": row.rep_work_days,
        "quiet_hours": row.rep_quiet_hours,
        "holidays": row.rep_holidays,
        "digest_day": row.rep_digest_day,
        "digest_hour": row.rep_digest_hour,
    }
    return {fact: value for fact, value in said.items() if value not in {None, ""}}


def _change(thing: Account | Rep, facts: dict[str, Any]) -> list[str]:
    """Set what differs and name it."""
    changed = [fact for fact, value in facts.items() if getattr(thing, fact) != value]
    for fact in changed:
        setattr(thing, fact, facts[fact])
    return changed
