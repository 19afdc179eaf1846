"""A mail out of a request: as it is, or as providers of inbound mail wrap it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request

from service.kit.errors import Invalid, UnsupportedMediaType
from service.kit.http import Config, Now
from service.replies import signatures
from service.replies.mime import LARGEST

RAW = "message/rfc822"
JSON = "application/json"
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
# Text around the mail, and what escaping adds to it.
LARGEST_BODY = LARGEST + LARGEST // 2
# Mailgun, SendGrid; Postmark sends JSON.
FIELDS = ("body-mime", "email")
JSON_FIELD = "RawEmail"


class MailMissing(Invalid):
    """There is no mail in the body."""


@dataclass(frozen=True)
class Handed:
    """A mail as it was handed over. `sent_to` and `sent_from` are its envelope's, as far as the provider tells."""

    content: bytes
    sent_to: tuple[str, ...] = ()
    sent_from: str | None = None


async def _handed(request: Request, settings: Config, now: Now) -> Handed:
    """Read the body on the event loop, so that the route itself may block.

    Raises:
        MailMissing: the body is not what its content type says, or holds no mail.
        SignatureWrong: it has to be signed, and is not.
        UnsupportedMediaType: the content type is none of those read here.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    secret = settings.inbound_signing_key.get_secret_value()
    # A form is large and is read part by part, unless all of it was signed.
    whole = kind not in FORMS or secret.startswith(signatures.PREFIX)
    body = await request.body() if whole else b""
    fields: Mapping[str, str] = {}
    if kind in FORMS:
        async with request.form(max_files=20, max_fields=100, max_part_size=LARGEST_BODY) as form:
            fields = {name: value for name, value in form.items() if isinstance(value, str)}
    if secret:
        signatures.check(secret, headers=request.headers, body=body, fields=fields, now=now)
    if kind == RAW:
        return _whole(Handed(body))
    if kind == JSON:
        return _whole(_from_json(body))
    if kind in FORMS:
        return _whole(_from_form(fields))
    raise UnsupportedMediaType(f"Send the mail as {RAW}, or as the forms that docs/mail.md shows.")


HandedMail = Annotated[Handed, Depends(_handed)]


def _whole(handed: Handed) -> Handed:
    if not handed.content.strip():
        raise MailMissing(f"Send it as {RAW}, or in one of the fields {', '.join((*FIELDS, JSON_FIELD))}.")
    return handed


def _from_form(fields: Mapping[str, str]) -> Handed:
    content = next((fields[name] for name in FIELDS if fields.get(name)), "")
    envelope = _envelope(fields.get("envelope", ""))
    sent_to = (*_texts(envelope.get("to")), *_texts(fields.get("recipient")))
    sent_from = next((each for each in (envelope.get("from"), fields.get("sender")) if isinstance(each, str)), None)
    return Handed(content.encode("utf-8", "replace"), sent_to, sent_from)


def _from_json(body: bytes) -> Handed:
    said = _envelope(body.decode("utf-8", "replace"))
    content = said.get(JSON_FIELD)
    text = content if isinstance(content, str) else ""
    return Handed(text.encode("utf-8", "replace"), _texts(said.get("OriginalRecipient")))


def _envelope(text: str) -> Mapping[str, Any]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _texts(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(each[:254] for each in values[:50] if isinstance(each, str))
