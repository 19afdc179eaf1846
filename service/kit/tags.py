"""Signed addresses: `mailbox+tag@domain`, whose tag names a purpose and an id.

A link's token does not fit: the part before the @ holds 64 characters, and mail servers may write it in lower case.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from uuid import UUID

from service.kit.settings import Settings

# 80 bits: a guess costs a mail.
SIGNATURE_BYTES = 10
TAG_LENGTH = 42


def tagged(settings: Settings, purpose: str, subject: UUID) -> str:
    """The inbound address with a tag that says what comes there; it can be used for nothing else."""
    mailbox, _, domain = settings.inbound_address.rpartition("@")
    named = subject.bytes + _signature(settings.secret_keys[-1], purpose, subject)
    return f"{mailbox}+{base64.b32encode(named).decode().rstrip('=').lower()}@{domain}"


def subject_of(settings: Settings, purpose: str, addresses: Iterable[str]) -> UUID | None:
    """Read the id out of the first of these addresses that was tagged for the purpose; None if none was."""
    for address in addresses:
        if (named := _named(settings, address)) is None:
            continue
        subject, signature = UUID(bytes=named[:16]), named[16:]
        if any(hmac.compare_digest(signature, _signature(key, purpose, subject)) for key in settings.secret_keys):
            return subject
    return None


def _named(settings: Settings, address: str) -> bytes | None:
    before, _, tag = address.lower().rpartition("@")[0].rpartition("+")
    ours, _, domain = settings.inbound_address.lower().rpartition("@")
    if len(tag) != TAG_LENGTH or before != ours or address.lower().rpartition("@")[2] != domain:
        return None
    try:
        named = base64.b32decode(tag.upper() + "=" * (-len(tag) % 8))
    except ValueError:
        return None
    # The last letter has spare bits.
    return named if base64.b32encode(named).decode().rstrip("=").lower() == tag else None


def _signature(key: str, purpose: str, subject: UUID) -> bytes:
    said = f"headsup.address.{purpose}.".encode() + subject.bytes
    return hmac.digest(key.encode(), said, hashlib.sha256)[:SIGNATURE_BYTES]
