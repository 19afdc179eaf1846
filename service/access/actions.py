"""Make and end keys and operators; write the audit log."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from models import ApiKey, AuditEntry, Operator, Role, Scope
from service.access import audit, passwords, queries, rules
from service.kit.database import Session
from service.kit.errors import Conflict, NotFound
from service.kit.revisions import Revision

# One lane: a sign-in takes one core for about a fifth of a second, and leaves the others to everybody else.
HASHER = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=1)
USED_AGAIN_SECONDS = 300
KEY_CHANGES = Revision()
"""Renewed when this process ends a key, so that it opens nothing more at once."""


class OperatorExists(Conflict):
    """An operator with this address exists."""


class KeyNotFound(NotFound):
    """There is no live key of that name."""


class KeyChanging(Conflict):
    """This key is being exchanged already."""


class OperatorNotFound(NotFound):
    """No operator who may sign in has this address."""


def record(session: Session, actor: str, action: str, subject: str, *, now: datetime, **detail: Any) -> None:
    """Write one line of the audit log, in the transaction of the change it tells of."""
    audit.note(session, AuditEntry(at=now, actor=actor, action=action, subject=subject, detail=detail))


def create_key(
    session: Session, name: str, scopes: list[Scope], *, by: str, now: datetime, expires_at: datetime | None = None
) -> str:
    """Make an API key and return its text, which cannot be had again."""
    text = _add_key(session, name, [scope.value for scope in scopes], now=now, expires_at=expires_at)
    record(session, by, "key.create", name, now=now, scopes=[scope.value for scope in scopes])
    return text


def rotate_key(session: Session, name: str, *, overlap: timedelta, by: str, now: datetime) -> str:
    """Make the key that follows this one and return its text; the old one still opens for the time of the overlap.

    Raises:
        KeyNotFound: no live key has that name.
        KeyChanging: two keys of that name are live already.
    """
    live = _live_keys(session, name, now=now)
    if len(live) > 1:
        raise KeyChanging(f"{len(live)} keys are called {name!r}: revoke one of them by the part before its secret.")
    old = live[0]
    ends = now + overlap
    old.expires_at = ends if old.expires_at is None else min(old.expires_at, ends)
    KEY_CHANGES.renew_after(session)
    text = _add_key(session, name, old.scopes, now=now, expires_at=None)
    record(session, by, "key.rotate", name, now=now, old_ends=old.expires_at.isoformat())
    return text


def _add_key(session: Session, name: str, scopes: list[str], *, now: datetime, expires_at: datetime | None) -> str:
    key = rules.new_key()
    session.add(
        ApiKey(
            public_id=key.public_id,
            name=name,
            secret_sha256=key.secret_sha256,
            scopes=scopes,
            created_at=now,
            expires_at=expires_at,
        )
    )
    return key.text


def revoke_keys(session: Session, name: str, *, by: str, now: datetime) -> list[ApiKey]:
    """End all live keys of that name; or one key, named by how it begins: `hu_<public id>`.

    Raises:
        KeyNotFound: no live key has that name.
    """
    keys = _live_keys(session, name, now=now)
    for key in keys:
        key.revoked_at = now
    KEY_CHANGES.renew_after(session)
    record(session, by, "key.revoke", name, now=now, keys=[key.public_id for key in keys])
    return keys


def _live_keys(session: Session, name: str, *, now: datetime) -> list[ApiKey]:
    if found := queries.live_keys(session, name, now=now):
        return found
    begins = rules.KEY_BEGINS.match(name)
    one = queries.key_by_public_id(session, begins[1]) if begins else None
    if one is None or one.revoked_at is not None:
        raise KeyNotFound(f"No live key is called {name!r}; `headsup key list` shows them.")
    return [one]


def authenticate_key(session: Session, text: str, *, now: datetime) -> tuple[rules.Caller, bool]:
    """Tell who calls with this key, and whether its use is worth noting again.

    Raises:
        KeyInvalid: unknown, expired or revoked; which of them is not told.
    """
    public_id, secret_sha256 = rules.split_key(text)
    key = queries.key_by_public_id(session, public_id)
    if (
        key is None
        or not rules.equal(key.secret_sha256, secret_sha256)
        or key.revoked_at is not None
        or (key.expires_at is not None and key.expires_at <= now)
    ):
        raise rules.KeyInvalid("Make a new one with `headsup key create`.")
    unnoted = key.last_used_at is None or (now - key.last_used_at).total_seconds() > USED_AGAIN_SECONDS
    return rules.Caller(f"key:{key.name}", rules.implied(key.scopes), key.id), unnoted


def add_operator(
    session: Session,
    email: str,
    name: str,
    role: Role,
    password: str,
    *,
    by: str,
    now: datetime,
    words: Collection[str] = (),
    made_up: bool = False,
) -> Operator:
    """Give a person of operations a login. One whose password was `made_up` changes it at the first sign-in.

    Raises:
        OperatorExists: the address has one already.
        PasswordTooShort: fewer than 12 characters.
        PasswordTooEasy: one that is tried early; `words` are those that fit the company and the person.
    """
    if queries.operator_by_email(session, email):
        raise OperatorExists(f"{email} can sign in already.")
    hashed = hash_password(password, words)
    operator = Operator(
        email=email.lower(), name=name, role=role, password_hash=hashed, made_up=made_up, created_at=now
    )
    session.add(operator)
    record(session, by, "operator.add", operator.email, now=now, role=role.value)
    return operator


def disable_operator(session: Session, email: str, *, by: str, now: datetime) -> None:
    """Let an operator in no more, end their sessions, and forget their second factor.

    Raises:
        OperatorNotFound: nobody who may sign in has that address.
    """
    operator = _active(session, email)
    operator.disabled_at = now
    queries.drop_sessions(session, operator.id)
    queries.drop_recovery_codes(session, operator.id)
    queries.drop_second_factor(session, operator.id)
    record(session, by, "operator.disable", operator.email, now=now)


def set_password(
    session: Session,
    email: str,
    password: str,
    *,
    by: str,
    now: datetime,
    words: Collection[str] = (),
    made_up: bool = False,
) -> None:
    """Give an operator another password, and end the sessions that the old one opened.

    Raises:
        OperatorNotFound: nobody who may sign in has that address.
        PasswordTooShort, PasswordTooEasy: as in `add_operator`.
    """
    operator = _active(session, email)
    keep_password(session, operator, hash_password(password, words), by=by, now=now)
    operator.made_up = made_up


def keep_password(session: Session, operator: Operator, hashed: str, *, by: str, now: datetime) -> None:
    """Put a password in the place of another, and end every session of the operator."""
    operator.password_hash, operator.made_up = hashed, False
    queries.drop_sessions(session, operator.id)
    record(session, by, "operator.password", operator.email, now=now)


def renewed_hash(password_hash: str, password: str) -> str | None:
    """A hash of a right password by today's parameters, if it was hashed by others; in a fifth of a second."""
    return HASHER.hash(password) if HASHER.check_needs_rehash(password_hash) else None


def keep_renewed_hash(session: Session, operator: Operator, hashed: str, *, now: datetime) -> None:
    """Put the new hash of the same password in the place of the old one."""
    operator.password_hash = hashed
    record(session, operator.email, "operator.rehash", operator.email, now=now)


def _active(session: Session, email: str) -> Operator:
    operator = queries.operator_by_email(session, email)
    if operator is None or operator.disabled_at is not None:
        raise OperatorNotFound(f"{email} cannot sign in.")
    return operator


def hash_password(password: str, words: Collection[str] = ()) -> str:
    """Hash a new password, in about a fifth of a second of one core.

    Raises:
        PasswordTooShort, PasswordTooEasy: see `passwords.check`.
    """
    passwords.check(password, words)
    return HASHER.hash(password)


def password_fits(password_hash: str, password: str) -> bool:
    """Check a password, in about a fifth of a second of one core."""
    try:
        return HASHER.verify(password_hash, password)
    except VerificationError:
        return False
