"""Make and end keys and operators; write the audit log."""

from datetime import datetime
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from models import ApiKey, AuditEntry, Operator, Role, Scope
from service.access import queries, rules
from service.kit.database import Session
from service.kit.errors import Conflict, NotFound

HASHER = PasswordHasher()
USED_AGAIN_SECONDS = 300


class OperatorExists(Conflict):
    """An operator with this address exists."""


class KeyNotFound(NotFound):
    """There is no live key of that name."""


def record(session: Session, actor: str, action: str, subject: str, *, now: datetime, **detail: Any) -> None:
    """Write one line of the audit log, in the transaction of the change it tells of."""
    session.add(AuditEntry(at=now, actor=actor, action=action, subject=subject, detail=detail))


def create_key(session: Session, name: str, scopes: list[Scope], *, by: str, now: datetime) -> str:
    """Make an API key and return its text, which cannot be had again."""
    key = rules.new_key()
    session.add(
        ApiKey(
            public_id=key.public_id,
            name=name,
            secret_sha256=key.secret_sha256,
            scopes=[scope.value for scope in scopes],
            created_at=now,
        )
    )
    record(session, by, "key.create", name, now=now, scopes=[scope.value for scope in scopes])
    return key.text


def revoke_key(session: Session, name: str, *, by: str, now: datetime) -> ApiKey:
    """End the newest live key of that name.

    Raises:
        KeyNotFound: no live key has that name.
    """
    key = queries.key_by_name(session, name)
    if key is None:
        raise KeyNotFound(f"No live key is called {name!r}; `headsup key list` shows them.")
    key.revoked_at = now
    record(session, by, "key.revoke", name, now=now)
    return key


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
    session: Session, email: str, name: str, role: Role, password: str, *, by: str, now: datetime
) -> Operator:
    """Give a person of operations a login.

    Raises:
        OperatorExists: the address has one already.
        PasswordTooShort: fewer than 12 characters.
    """
    if len(password) < rules.MIN_PASSWORD:
        raise rules.PasswordTooShort(f"Take at least {rules.MIN_PASSWORD} characters.")
    if queries.operator_by_email(session, email):
        raise OperatorExists(f"{email} can sign in already.")
    operator = Operator(email=email.lower(), name=name, role=role, password_hash=HASHER.hash(password), created_at=now)
    session.add(operator)
    record(session, by, "operator.add", operator.email, now=now, role=role.value)
    return operator


def password_fits(password_hash: str, password: str) -> bool:
    """Check a password, in about a third of a second of one core."""
    try:
        return HASHER.verify(password_hash, password)
    except VerificationError:
        return False
