"""Signed links: a token that names its purpose and subject, and expires."""

import hashlib

from itsdangerous import BadSignature, URLSafeTimedSerializer

from service.kit.errors import NotFound
from service.kit.settings import Settings

MAX_AGE_DAYS = 14


class LinkInvalid(NotFound):
    """This link is not valid, or no longer."""


def sign(settings: Settings, purpose: str, subject: str) -> str:
    """Make a token for `purpose` about `subject`; it cannot be used for anything else."""
    return _serializer(settings, purpose).dumps(subject)


def subject_of(settings: Settings, purpose: str, token: str, *, days: int = MAX_AGE_DAYS) -> str:
    """Read back the subject of a token.

    Raises:
        LinkInvalid: forged, made for something else, or older than that; which of them is not told.
    """
    try:
        subject = _serializer(settings, purpose).loads(token, max_age=days * 86_400)
    except BadSignature as error:
        raise LinkInvalid from error
    return str(subject)


def _serializer(settings: Settings, purpose: str) -> URLSafeTimedSerializer:
    key = settings.secret_key.get_secret_value()
    return URLSafeTimedSerializer(key, salt=f"headsup.{purpose}", signer_kwargs={"digest_method": hashlib.sha256})
