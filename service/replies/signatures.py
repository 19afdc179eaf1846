"""Tell whether a mail was handed over by whom we trust, by the signature of Standard Webhooks or Mailgun's; pure."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

from service.kit.errors import Forbidden

# https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
PREFIX = "whsec_"
# A captured request must be of no use for long. Mailgun's retries may carry the moment of the first try.
TOLERANCE, TOLERANCE_OF_MAILGUN = timedelta(minutes=5), timedelta(hours=1)


class SignatureWrong(Forbidden):
    """The signature of this request is missing, wrong or too old."""


def check(secret: str, *, headers: Mapping[str, str], body: bytes, fields: Mapping[str, str], now: datetime) -> None:
    """Refuse what is not signed with the secret; one that begins with `whsec_` is of Standard Webhooks.

    Raises:
        SignatureWrong: which of its reasons it is, is not told.
    """
    good = _standard(secret, headers, body, now) if secret.startswith(PREFIX) else _mailgun(secret, fields, now)
    if not good:
        raise SignatureWrong("Sign it with HEADSUP_INBOUND_SIGNING_KEY, on a machine whose clock is right.")


def _standard(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    named, moment = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        return False
    signed = hmac.digest(key, f"{named}.{moment}.".encode() + body, hashlib.sha256)
    wanted = f"v1,{base64.b64encode(signed).decode()}".encode()
    given = [each.encode() for each in headers.get("webhook-signature", "").split()]
    return _is_fresh(moment, TOLERANCE, now) and any(hmac.compare_digest(each, wanted) for each in given)


def _mailgun(secret: str, fields: Mapping[str, str], now: datetime) -> bool:
    moment, token = fields.get("timestamp", ""), fields.get("token", "")
    wanted = hmac.digest(secret.encode(), f"{moment}{token}".encode(), hashlib.sha256).hex().encode()
    given = fields.get("signature", "").encode()
    return _is_fresh(moment, TOLERANCE_OF_MAILGUN, now) and hmac.compare_digest(given, wanted)


def _is_fresh(moment: str, tolerance: timedelta, now: datetime) -> bool:
    seconds = moment if moment.isascii() and moment.isdecimal() and len(moment) <= 12 else "0"
    return abs(now.timestamp() - int(seconds)) <= tolerance.total_seconds()
