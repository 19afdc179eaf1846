"""Record complaints."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from models import Complaint
from service.access.actions import record
from service.accounts import queries as accounts
from service.complaints import queries
from service.complaints.schemas import ComplaintIn
from service.kit.database import Session


def record_complaints(session: Session, sent: Sequence[ComplaintIn], *, by: str, now: datetime) -> list[str]:
    """Record complaints; one whose id is known is corrected, and of two alike in `sent` the last counts.

    Complaints are counted by the features, so the accounts are scored again. Tells which accounts are new.
    """
    wanted = {row.complaint_id: row for row in sent}
    names = {row.account_id for row in wanted.values()}
    keys, new_accounts = accounts.account_ids_made(session, names, now=now)
    known = queries.known_complaints(session, wanted)
    new = [
        {"external_id": each, "received_at": now, **_facts(wanted[each], keys)}
        for each in sorted(wanted.keys() - known)
    ]
    queries.add_missing_complaints(session, new)
    touched = {row["account_id"] for row in new}
    for external_id, complaint in queries.lock_complaints(session, known).items():
        touched |= _correct(session, complaint, _facts(wanted[external_id], keys), by=by, now=now)
    accounts.touch(session, touched)
    for row in new:
        record(session, by, "complaint.record", row["external_id"], now=now)
    for external_id in new_accounts:
        record(session, by, "account.found", external_id, now=now)
    session.flush()
    return new_accounts


def _facts(row: ComplaintIn, keys: dict[str, int]) -> dict[str, Any]:
    return {
        "account_id": keys[row.account_id],
        "occurred_at": row.occurred_at,
        "channel": row.channel or None,
        "severity": row.severity,
        "about": row.about or None,
    }


def _correct(session: Session, complaint: Complaint, facts: dict[str, Any], *, by: str, now: datetime) -> set[int]:
    """Set what differs, and tell which accounts that concerns."""
    changed = [fact for fact, value in facts.items() if getattr(complaint, fact) != value]
    if not changed:
        return set()
    concerned = {complaint.account_id, facts["account_id"]}
    for fact in changed:
        setattr(complaint, fact, facts[fact])
    record(session, by, "complaint.correct", complaint.external_id, now=now, changed=changed)
    return concerned
