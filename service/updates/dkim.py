"""Sign mails in the name of the sender's domain (RFC 6376, RFC 8463), relaxed in header and body."""

import base64
import hashlib
import re
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from service.kit.errors import Unavailable
from service.kit.settings import Settings

Key = RSAPrivateKey | Ed25519PrivateKey
LEAST_BITS = 1024
# From stands twice, so that a second one cannot be slipped in.
SIGNED = (
    b"from from to reply-to subject date message-id in-reply-to references list-id list-unsubscribe "
    b"list-unsubscribe-post auto-submitted mime-version content-type content-transfer-encoding"
).split()
Field = tuple[bytes, bytes]


class DkimKeyInvalid(Unavailable):
    """HEADSUP_DKIM_KEY_FILE does not hold a key that mails can be signed with."""


def sign(content: bytes, settings: Settings, domain: str, *, now: datetime) -> bytes:
    """Put a signature before a mail's bytes; without a key file they stay as they are.

    Raises:
        DkimKeyInvalid: a key file is named, and it cannot be used.
    """
    if not settings.dkim_key_file:
        return content
    key = key_of(settings)
    head, _, body = content.partition(b"\r\n\r\n")
    fields = _fields(head)
    names = [name for name in SIGNED if name == b"from" or any(name == field for field, _ in fields)]
    covered = b":\r\n  ".join(b":".join(names[start : start + 5]) for start in range(0, len(names), 5)).decode()
    tags = (
        f"v=1; a={_algorithm(key)}; c=relaxed/relaxed; d={domain}; s={settings.dkim_selector};\r\n"
        f" t={int(now.timestamp())}; h={covered};\r\n"
        f" bh={base64.b64encode(hashlib.sha256(_relaxed_body(body)).digest()).decode()};\r\n b="
    )
    signature = base64.b64encode(_signature(key, _hashed(fields, names, b" " + tags.encode()))).decode()
    folded = "\r\n  ".join(signature[start : start + 72] for start in range(0, len(signature), 72))
    return f"DKIM-Signature: {tags}{folded}\r\n".encode() + content


def record(settings: Settings) -> str:
    """The TXT record that receivers check our signatures by.

    Raises:
        DkimKeyInvalid: the key file cannot be used.
    """
    key = key_of(settings)
    if isinstance(key, Ed25519PrivateKey):
        kind, public = "ed25519", key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    else:
        kind, public = "rsa", key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k={kind}; p={base64.b64encode(public).decode()}"


def key_of(settings: Settings) -> Key:
    """The key that mails are signed with.

    Raises:
        DkimKeyInvalid: there is no file, or no key in it that receivers accept.
    """
    path = settings.dkim_key_file
    assert path is not None
    try:
        return _read(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, TypeError) as error:
        raise DkimKeyInvalid(f"{path}: {error}. Give an unencrypted PEM file with an RSA or Ed25519 key.") from error


@lru_cache(maxsize=2)
def _read(path: Path, _changed: int) -> Key:
    key = load_pem_private_key(path.read_bytes(), None)
    if isinstance(key, Ed25519PrivateKey) or (isinstance(key, RSAPrivateKey) and key.key_size >= LEAST_BITS):
        return key
    raise ValueError("receivers refuse keys of this kind or size")


def _algorithm(key: Key) -> str:
    return "rsa-sha256" if isinstance(key, RSAPrivateKey) else "ed25519-sha256"


def _signature(key: Key, hashed: bytes) -> bytes:
    if isinstance(key, RSAPrivateKey):
        return key.sign(hashed, PKCS1v15(), SHA256())
    return key.sign(hashlib.sha256(hashed).digest())


def _fields(head: bytes) -> list[Field]:
    """Names in lower case and values as they stand, in their order."""
    lines = re.split(rb"\r\n(?![ \t])", head)
    return [(name.strip().lower(), value) for name, _, value in (line.partition(b":") for line in lines)]


def _hashed(fields: list[Field], names: list[bytes], tags: bytes) -> bytes:
    """What the signature covers. A name that comes twice means the last field, then the one before it, or none."""
    left = list(fields)
    covered = []
    for name in names:
        place = next((place for place in reversed(range(len(left))) if left[place][0] == name), None)
        if place is not None:
            covered.append(_relaxed_field(*left.pop(place)) + b"\r\n")
    return b"".join(covered) + _relaxed_field(b"dkim-signature", tags)


def _relaxed_field(name: bytes, value: bytes) -> bytes:
    return name + b":" + re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip(b" \t")


def _relaxed_body(body: bytes) -> bytes:
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    text = b"\r\n".join(lines).rstrip(b"\r\n")
    return text + b"\r\n" if text else b""
