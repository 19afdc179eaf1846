"""Codes of a second factor: those that change with time (RFC 6238), and those that stand in for them once; pure."""

import base64
import hashlib
import hmac
import re
import secrets
from datetime import datetime
from urllib.parse import quote

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from service.access.rules import equal, sha256
from service.kit.settings import Settings

STEP_SECONDS, DIGITS = 30, 6
# A device's clock, and whoever types, may be half a minute off.
OFF_STEPS = 1
KEY_BYTES = 20
# 120 bits each: nobody guesses one, and a fast hash keeps them.
RECOVERY_CODES, RECOVERY_BYTES, RECOVERY_LENGTH = 10, 15, 24
GROUP = re.compile(".{1,4}")


def new_key() -> bytes:
    """160 random bits, as RFC 4226 advises."""
    return secrets.token_bytes(KEY_BYTES)


def code(key: bytes, step: int, *, digits: int = DIGITS) -> str:
    """The code of one half minute. HMAC-SHA-1 is what authenticator apps know; SHA-1's collisions do not weaken it."""
    mac = hmac.digest(key, step.to_bytes(8), hashlib.sha1)
    at = mac[-1] & 0x0F
    number = int.from_bytes(mac[at : at + 4]) & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}}"


def step_of(now: datetime) -> int:
    """The half minute, counted from 1970."""
    return int(now.timestamp()) // STEP_SECONDS


def step_that_fits(key: bytes, given: str, *, after: int, now: datetime) -> int | None:
    """The half minute whose code was given, if it is about now and later than `after`; else None."""
    present = step_of(now)
    near = range(present - OFF_STEPS, present + OFF_STEPS + 1)
    return next((step for step in near if step > after and equal(code(key, step), given)), None)


def is_timed(given: str) -> bool:
    """Whether somebody gives a code of a device, rather than one for recovery."""
    return re.fullmatch(f"[0-9]{{{DIGITS}}}", given) is not None


def tidy(given: str) -> str:
    """What somebody typed, without the spaces and dashes between groups, in capitals."""
    return re.sub(r"[\s-]", "", given).upper()


def written(key: bytes) -> str:
    """A key as people type it into an app."""
    return " ".join(GROUP.findall(base64.b32encode(key).decode()))


def link(settings: Settings, email: str, key: bytes) -> str:
    """The address that an authenticator app reads from a picture; apps show its names."""
    issuer = quote(f"Headsup {settings.site_url.partition('://')[2]}")
    secret = base64.b32encode(key).decode()
    return f"otpauth://totp/{issuer}:{quote(email)}?secret={secret}&issuer={issuer}"


def new_recovery_code() -> str:
    """A code for recovery: `ABCD-EFGH-…`, six groups of four."""
    return "-".join(GROUP.findall(base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode()))


def recovery_hash(given: str) -> str:
    """What is kept of a code for recovery."""
    return sha256(f"recovery:{tidy(given)}")


def seal(settings: Settings, key: bytes) -> str:
    """Encrypt a key, so that who reads the database has no second factors."""
    return _box(settings).encrypt(key).decode()


def unseal(settings: Settings, sealed: str) -> bytes | None:
    """The key, or None when the secret keys that it was sealed with are gone."""
    try:
        return _box(settings).decrypt(sealed)
    except InvalidToken:
        return None


def _box(settings: Settings) -> MultiFernet:
    derived = (hmac.digest(key.encode(), b"headsup.second-factor", hashlib.sha256) for key in settings.secret_keys)
    # The first one encrypts, all are tried.
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in reversed(list(derived))])
