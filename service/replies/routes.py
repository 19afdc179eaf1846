"""HTTP of what comes back: mails handed over by a provider, and the replies that wait."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from service.access.guards import Mailing, Operating, Reader
from service.kit.http import Config, Db, Now, problems
from service.replies import actions, answers, queries
from service.replies.bodies import FIELDS, FORMS, JSON, JSON_FIELD, RAW, HandedMail
from service.replies.schemas import AnswerIn, ReplyList, ReplyOut, TakenOut
from service.replies.sorting import sort

router = APIRouter(prefix="/v1", tags=["replies"])

_text = {"type": "string"}
_form = {"type": "object", "properties": dict.fromkeys((*FIELDS, "recipient", "sender", "envelope"), _text)}
_contents = {
    RAW: {"schema": _text},
    JSON: {"schema": {"type": "object", "required": [JSON_FIELD], "properties": {JSON_FIELD: _text}}},
    **{form: {"schema": _form} for form in FORMS},
}


@router.post(
    "/inbound-mail",
    openapi_extra={"requestBody": {"required": True, "content": _contents}},
    responses=problems(400, 413, 415),
)
def take_mail(_caller: Mailing, handed: HandedMail, db: Db, settings: Config, now: Now) -> TakenOut:
    """Hand over a mail that came to the inbound address: a reply, a bounce, a complaint. It counts once.

    Send it as it is (`message/rfc822`), or as Mailgun, SendGrid or Postmark send it. The key needs the scope `mail`; it
    may also be the password of Basic authentication, with any user name.
    """
    mail = sort(handed.content, settings, sent_to=handed.sent_to, envelope_sender=handed.sent_from)
    with db.begin() as session:
        taken = actions.take_in(session, mail, now=now)
    return TakenOut(kind=mail.kind, taken=taken)


@router.get("/replies")
def list_replies(
    db: Db,
    _caller: Reader,
    alert_id: Annotated[UUID | None, Query(description="Only those about this alert, closed ones too.")] = None,
) -> ReplyList:
    """List the replies of reps that wait for operations, or all about an alert."""
    with db.read() as session:
        found = queries.replies_of(session, alert_id) if alert_id else queries.waiting_replies(session)
        return ReplyList(replies=[ReplyOut.model_validate(reply) for reply in found])


@router.post("/replies/{reply_id}/close", responses=problems(404))
def close_reply(reply_id: UUID, db: Db, caller: Operating, now: Now) -> ReplyOut:
    """Say that a reply needs nothing more. An update of its alert, written after it came, answers it as well."""
    with db.begin() as session:
        return ReplyOut.model_validate(actions.close_reply(session, reply_id, by=caller.actor, now=now))


@router.post("/replies/{reply_id}/answer", responses=problems(400, 404, 409, 413, 415))
def answer_reply(reply_id: UUID, body: AnswerIn, db: Db, settings: Config, *, caller: Operating, now: Now) -> ReplyOut:
    """Write back to the rep, in the thread of the mail that was answered. It closes the reply and leaves its alert."""
    with db.begin() as session:
        found = answers.answer(session, reply_id, body.text, settings, by=caller.actor, now=now)
        return ReplyOut.model_validate(found)
