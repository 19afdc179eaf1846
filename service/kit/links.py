"""Signed links: a token that names its purpose and subject, and expires."""

import hashlib

from itsdangerous import BadSignature, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode, base64_encode
from itsdangerous.exc import BadData

from service.kit.errors import NotFound
from service.kit.settings import Settings

MAX_AGE_DAYS = 14


class LinkInvalid(NotFound):
    """This link is not valid, or no longer."""


def sign(settings: Settings, purpose: str, subject: str) -> str:
    """Make a token for `purpose` about `subject`; it cannot be used for anything else."""
    return _serializer(settings, purpose).dumps(subject)


def subject_of(settings: Settings, purpose: str, token: str, *, days: int = MAX_AGE_DAYS) -> str:
    """Read back the subject of a token. What the secret key before the present one signed is read, too.

    Raises:
        LinkInvalid: forged, made for something else, or older than that; which of them is not told.
    """
    try:
        _refuse_other_spelling(token.rpartition(".")[2])
        subject = _serializer(settings, purpose).loads(token, max_age=days * 86_400)
    except (BadData, UnicodeError) as error:
        raise LinkInvalid from error
    return str(subject)


def _refuse_other_spelling(signature: str) -> None:
    """Base64 ignores stray characters and the last letter's spare bits: one signature would have many spellings."""
    if base64_encode(base64_decode(signature)).decode() != signature:
        raise BadSignature("spelled in another way")


def _serializer(settings: Settings, purpose: str) -> URLSafeTimedSerializer:
    # The last key signs, all are tried.
    return URLSafeTimedSerializer(
        settings.secret_keys, salt=f"headsup.{purpose}", signer_kwargs={"digest_method": hashlib.sha256}
    )
