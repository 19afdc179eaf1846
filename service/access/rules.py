"""What a key looks like and what it opens; pure."""

import hashlib
import re
import secrets
from dataclasses import dataclass

from models import Role, Scope
from service.kit.errors import Invalid, Unauthenticated

KEY = re.compile(r"hu_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")
IMPLIED = {
    Scope.ADMIN: frozenset(Scope),
    Scope.OPERATE: frozenset({Scope.OPERATE, Scope.READ}),
    Scope.READ: frozenset({Scope.READ}),
    Scope.INGEST: frozenset({Scope.INGEST}),
}
ROLE_SCOPES = {
    Role.ADMIN: frozenset(Scope),
    Role.LEAD: IMPLIED[Scope.OPERATE],
    Role.AGENT: IMPLIED[Scope.OPERATE],
    Role.READER: IMPLIED[Scope.READ],
}
MIN_PASSWORD = 12


class KeyInvalid(Unauthenticated):
    """The API key is unknown, expired or revoked."""


class PasswordTooShort(Invalid):
    """The password is too short."""


@dataclass(frozen=True)
class Caller:
    """Whoever calls: the name that goes into histories, and what it may do."""

    actor: str
    scopes: frozenset[Scope]
    api_key_id: int | None = None


@dataclass(frozen=True)
class NewKey:
    """A freshly made key. `text` is shown once and never stored."""

    text: str
    public_id: str
    secret_sha256: str


def new_key() -> NewKey:
    """Make `hu_<12 characters to look it up by>_<32 random bytes>`. Its entropy makes a slow hash needless."""
    public_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    return NewKey(f"hu_{public_id}_{secret}", public_id, sha256(secret))


def split_key(text: str) -> tuple[str, str]:
    """Take a key apart into its public id and the hash of its secret.

    Raises:
        KeyInvalid: it does not look like a key.
    """
    match = KEY.fullmatch(text)
    if not match:
        raise KeyInvalid("Send `Authorization: Bearer hu_…` with a key made by `headsup key create`.")
    return match[1], sha256(match[2])


def sha256(secret: str) -> str:
    """Hash a high-entropy secret for storage."""
    return hashlib.sha256(secret.encode()).hexdigest()


def implied(scopes: list[str]) -> frozenset[Scope]:
    """All that a key's scopes open: `operate` reads too, `admin` does everything."""
    return frozenset[Scope]().union(*(IMPLIED[Scope(scope)] for scope in scopes))


def equal(one: str, other: str) -> bool:
    """Compare two hashes without telling by the time it takes where they differ."""
    return secrets.compare_digest(one, other)
