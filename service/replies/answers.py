"""Write back to a rep who replied: a mail in the thread, which changes nothing about the alert."""

from datetime import datetime
from uuid import UUID, uuid4

import structlog

from models import Reply
from service.access import actions as access
from service.access import queries as operators
from service.alerts import actions as alerts
from service.kit.database import Session
from service.kit.errors import Conflict
from service.kit.settings import Settings
from service.replies import queries, threads
from service.replies.receipts import LONGEST_QUOTE
from service.updates import facts
from service.updates.contents import Answer
from service.updates.queries import outbox

log = structlog.get_logger()


class ReplyAnswered(Conflict):
    """Somebody has answered or closed this reply."""


class NobodyToAnswer(Conflict):
    """There is no rep to write to."""


def answer(session: Session, reply_id: UUID, text: str, settings: Settings, *, by: str, now: datetime) -> Reply:
    """Write back to the rep whose reply it is; the reply then waits no more. The alert stays as it is.

    Raises:
        ReplyNotFound: there is no such reply.
        ReplyAnswered: it was answered or closed.
        NobodyToAnswer: it came from no rep, or the rep is gone.
    """
    reply = queries.reply(session, reply_id)
    rep = outbox.rep(session, reply.rep_id) if reply.rep_id else None
    if rep is None:
        raise NobodyToAnswer("Write to the sender from your own mailbox.")
    if not queries.close(session, reply.id, by=by, now=now, answer=text):
        raise ReplyAnswered("Write an update, or a mail of your own.")
    operator = operators.operator_by_email(session, by)
    thread = threads.of(session, reply, rep)
    content = Answer(
        to=facts.to(uuid4(), rep, settings),
        text=text,
        who=operator.name if operator else "Operations",
        asked=reply.body[:LONGEST_QUOTE],
        asked_at=reply.received_at,
        name=thread.name,
        account_id=thread.account_id,
        subject=thread.subject,
    )
    threads.post(session, content, thread, rep, settings, key=f"answer:{reply.id}", now=now)
    if alert := queries.alert_of(session, reply):
        alerts.note(session, alert, "answered", actor=by, now=now, reply=str(reply.id))
    access.record(session, by, "reply.answer", str(reply.id), now=now)
    log.info("reply_answered", reply_id=str(reply.id))
    session.refresh(reply)
    return reply
