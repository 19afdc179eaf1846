"""A mail out of a request: as it is, or as providers of inbound mail wrap it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.datastructures import FormData

from service.kit.errors import Invalid, UnsupportedMediaType
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


async def _handed(request: Request) -> Handed:
    """Read the body on the event loop, so that the route itself may block.

    Raises:
        MailMissing: the body is not what its content type says, or holds no mail.
        UnsupportedMediaType: the content type is none of those read here.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == RAW:
        return _whole(Handed(await request.body()))
    if kind == JSON:
        return _whole(_from_json(await request.body()))
    if kind in FORMS:
        async with request.form(max_files=20, max_fields=100, max_part_size=LARGEST_BODY) as form:
            return _whole(_from_form(form))
    raise UnsupportedMediaType(f"Send the mail as {RAW}, or as the forms that docs/mail.md shows.")


HandedMail = Annotated[Handed, Depends(_handed)]


def _whole(handed: Handed) -> Handed:
    if not handed.content.strip():
        raise MailMissing(f"Send it as {RAW}, or in one of the fields {', '.join((*FIELDS, JSON_FIELD))}.")
    return handed


def _from_form(form: FormData) -> Handed:
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
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
