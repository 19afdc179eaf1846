"""Erase a person who is no operator: a rep, a manager, a contact.

The ledger `erasures.jsonl` stands beside the database, not in it: a restored backup knows nothing of what was erased
since, so what the ledger has and the database has not is erased again before anything is served. It holds keyed hashes
only; they find a person who comes back, and name nobody.
"""

import hashlib
import hmac
import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from models import Erasure
from service.access import actions, queries
from service.kit.database import Database, Session
from service.kit.erasing import Terms, erase, forget_pages, words_in, write_over
from service.kit.errors import Conflict
from service.kit.settings import Settings
from service.kit.sql import insert_missing

WORKER = "headsup"
LEDGER = "erasures.jsonl"


class OperatorStays(Conflict):
    """An operator is not erased: the audit log must say who did what."""


def write_ledger(settings: Settings, terms: Sequence[str], *, now: datetime) -> None:
    """Add addresses and names to the ledger. It is on the disk before anything is erased."""
    known = _terms(settings)[-1]
    handle = os.open(_path(settings), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "a") as file:
        for term in terms:
            line = {"at": now.isoformat(), "digest": known.digest(term), "words": words_in(term)}
            file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())


def apply_ledger(db: Database, settings: Settings, *, by: str, now: datetime) -> dict[str, int]:
    """Erase everybody in the ledger; tell in how many rows of which table."""
    with db.begin() as session:
        write_over(session)
        changed = _apply(session, settings, by=by, now=now)
    forget_pages(db, list(changed))
    return changed


def catch_up(db: Database, settings: Settings, *, now: datetime) -> bool:
    """Erase again what a restored database still has; tell whether there was anything."""
    digests = _digests(settings)
    if not digests:
        return False
    with db.read() as session:
        missing = set(digests) - queries.erased(session)
    if missing:
        apply_ledger(db, settings, by=WORKER, now=now)
    return bool(missing)


def refuse_operators(session: Session, address: str) -> None:
    """Stop before somebody is erased whom the audit log names.

    Raises:
        OperatorStays: the address is an operator's login.
    """
    if queries.operator_by_email(session, address):
        raise OperatorStays(f"{address} signs in here: `headsup operator disable {address}`.")


def _apply(session: Session, settings: Settings, *, by: str, now: datetime) -> dict[str, int]:
    changed: Counter[str] = Counter()
    for terms in _terms(settings):
        # A rep's name goes with the address, wherever it stands.
        reps = [rep for rep in queries.reps(session) if terms.digest(rep.email) in terms.digests]
        names = {terms.digest(rep.name): words_in(rep.name) for rep in reps if words_in(rep.name) > 0}
        queries.leave_accounts(session, [rep.id for rep in reps])
        changed.update(erase(session, replace(terms, digests={**terms.digests, **names})))
    queries.keep_back_erased_mails(session)
    new = [{"digest": each, "applied_at": now} for each in sorted(set(_digests(settings)) - queries.erased(session))]
    insert_missing(session, Erasure, new)
    actions.record(session, by, "person.erase", f"{len(new)} digests", now=now, rows=dict(changed))
    return dict(changed)


def _terms(settings: Settings) -> list[Terms]:
    """The ledger under each secret key that it may have been written with; the last one writes."""
    digests = _digests(settings)
    keys = (hmac.digest(key.encode(), b"headsup.erasure", hashlib.sha256) for key in settings.secret_keys)
    return [Terms(key, digests) for key in keys]


def _digests(settings: Settings) -> dict[str, int]:
    path = _path(settings)
    lines = [json.loads(line) for line in path.read_text().splitlines() if line.strip()] if path.exists() else []
    return {line["digest"]: line["words"] for line in lines}


def _path(settings: Settings) -> Path:
    return settings.data_dir / LEDGER
