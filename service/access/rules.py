"""What a key looks like and what it opens, how a line of the audit log is hashed; pure."""

import hashlib
import json
import re
import secrets
import string
import zlib
from dataclasses import dataclass
from datetime import UTC

from models import AuditEntry, Role, Scope
from service.kit.errors import Invalid, Unauthenticated

# Published in docs/security.md, for scanners that look for leaked keys.
KEY = re.compile(r"hu_([0-9a-f]{12})_([0-9A-Za-z]{43})_([0-9A-Za-z]{6})")
KEY_BEGINS = re.compile(r"hu_([0-9a-f]{12})")
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
SECRET_LENGTH = 43  # 256 bits in base 62
FIRST_HASH = "0" * 64
IMPLIED = {
    Scope.ADMIN: frozenset(Scope),
    Scope.OPERATE: frozenset({Scope.OPERATE, Scope.READ}),
    Scope.READ: frozenset({Scope.READ}),
    Scope.INGEST: frozenset({Scope.INGEST}),
    Scope.MAIL: frozenset({Scope.MAIL}),
}
ROLE_SCOPES = {
    Role.ADMIN: frozenset(Scope),
    Role.LEAD: IMPLIED[Scope.OPERATE],
    Role.AGENT: IMPLIED[Scope.OPERATE],
    Role.READER: IMPLIED[Scope.READ],
}


class KeyInvalid(Unauthenticated):
    """The API key is unknown, expired or revoked."""


class KeyInUrl(Invalid):
    """A key does not belong into an address.

    Addresses are written into the logs of every proxy on the way: revoke that key and make a new one.
    """


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
    """Make `hu_<12 characters to look it up by>_<256 random bits>_<checksum>`.

    Its entropy makes a slow hash needless. The checksum tells scanners, and us before any look-up, a key from a guess.
    """
    public_id = secrets.token_hex(6)
    secret = "".join(secrets.choice(BASE62) for _ in range(SECRET_LENGTH))
    return NewKey(f"hu_{public_id}_{secret}_{checksum(public_id, secret)}", public_id, sha256(secret))


def checksum(public_id: str, secret: str) -> str:
    """CRC-32 of what stands before it, as six digits in base 62."""
    left, digits = zlib.crc32(f"hu_{public_id}_{secret}".encode()), ""
    while left:
        left, digit = divmod(left, 62)
        digits = BASE62[digit] + digits
    return digits.rjust(6, BASE62[0])


def split_key(text: str) -> tuple[str, str]:
    """Take a key apart into its public id and the hash of its secret.

    Raises:
        KeyInvalid: it does not look like a key.
    """
    match = KEY.fullmatch(text)
    if not match or match[3] != checksum(match[1], match[2]):
        raise KeyInvalid("Send `Authorization: Bearer hu_…` with a key made by `headsup key create`.")
    return match[1], sha256(match[2])


def sha256(secret: str) -> str:
    """Hash a high-entropy secret for storage."""
    return hashlib.sha256(secret.encode()).hexdigest()


def implied(scopes: list[str]) -> frozenset[Scope]:
    """All that a key's scopes open: `operate` reads too, `admin` does everything."""
    return frozenset[Scope]().union(*(IMPLIED[Scope(scope)] for scope in scopes))


def chained(before: str, line: AuditEntry) -> str:
    """The hash of a line of the audit log, given that of the line before."""
    moment = line.at.astimezone(UTC).isoformat(timespec="microseconds")
    facts = [before, line.id, moment, line.actor, line.action, line.subject, line.detail]
    return sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")))


def equal(one: str, other: str) -> bool:
    """Compare two hashes without telling by the time it takes where they differ."""
    return secrets.compare_digest(one, other)
