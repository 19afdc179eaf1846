"""Take in what came back, and what people of operations do with it."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog

from models import InboundKind, Mail, Reply, StopReason
from service.access import actions as access
from service.alerts import actions as alerts
from service.kit.database import Session
from service.kit.errors import NotFound
from service.replies import queries
from service.replies.bounces import Bounce, Severity
from service.replies.sorting import Sorted
from service.updates.queries import outbox

log = structlog.get_logger()

# An answer to a mail of last quarter is welcome; a report about a mail of last month is made up, or of no use.
REPLY_DAYS, BOUNCE_DAYS = 90, 7
SOFT_BOUNCES = 5
SOFT_WINDOW = timedelta(days=30)
TOO_OLD = "It belongs to a mail that is gone, or too old."


class AddressNotStopped(NotFound):
    """Mails go to this address."""


class InboundMailNotFound(NotFound):
    """There is no such mail to look at."""


def take_in(session: Session, mail: Sorted, *, now: datetime) -> bool:
    """Do what a mail that came in means, once, however often it is brought; False if it was known."""
    ours = _ours(session, mail, now=now)
    kind, why = (mail.kind, mail.why) if ours or mail.mail_id is None else (InboundKind.FOREIGN, TOO_OLD)
    row = {"id": uuid4(), "key": mail.key, "kind": kind, "why": why, "received_at": now}
    if not queries.take(session, row | {"mail_id": ours.id if ours else None}):
        return False
    if ours and kind is InboundKind.REPLY:
        _take_reply(session, ours, mail, now=now)
    elif ours and kind is InboundKind.AUTOMATIC:
        _note(session, ours, "auto_reply", by=alerts.WORKER, now=now)
    elif ours and kind is InboundKind.BOUNCE:
        assert mail.bounce is not None
        _take_bounce(session, ours, mail.bounce, now=now)
    elif ours and kind is InboundKind.COMPLAINT:
        _stop(session, ours, StopReason.COMPLAINT, Bounce(Severity.HARD, "", "reported as spam"), now=now)
    log.info("inbound_mail", kind=kind, inbound_id=str(row["id"]))
    return True


def _ours(session: Session, mail: Sorted, *, now: datetime) -> Mail | None:
    found = outbox.mail(session, mail.mail_id) if mail.mail_id else None
    days = REPLY_DAYS if mail.kind in {InboundKind.REPLY, InboundKind.AUTOMATIC} else BOUNCE_DAYS
    return found if found and now < (found.sent_at or found.created_at) + timedelta(days=days) else None


def _take_reply(session: Session, ours: Mail, mail: Sorted, *, now: datetime) -> None:
    """Put what a rep wrote before operations. Who answers a mail has it."""
    assert mail.words is not None
    reply = Reply(
        id=uuid4(),
        alert_id=ours.alert_id,
        mail_id=ours.id,
        rep_id=ours.rep_id,
        subject=mail.words.subject,
        sender=mail.words.sender,
        body=mail.words.body,
        attachments=mail.words.attachments,
        received_at=now,
    )
    session.add(reply)
    session.flush()
    if ours.rep_id:
        outbox.mark_acknowledged(session, ours.id, now=now)
    _note(
        session, ours, "rep_replied" if ours.rep_id else "replied", by=mail.words.sender, now=now, reply=str(reply.id)
    )
    access.record(session, _who(ours), "reply.take", str(reply.id), now=now, mail=str(ours.id))


def _take_bounce(session: Session, ours: Mail, bounce: Bounce, *, now: datetime) -> None:
    """Note that a mail did not arrive. An address that does not exist is stopped at once, one that fails at the 5th."""
    if bounce.severity in {Severity.DELIVERED, Severity.DELAYED}:
        return
    if bounce.severity is Severity.HARD:
        _stop(session, ours, StopReason.HARD, bounce, now=now)
        return
    address = queries.address(session, ours.recipient, now=now)
    address.bounces = address.bounces + 1 if now < address.last_at + SOFT_WINDOW else 1
    address.last_at, address.status, address.said = now, bounce.status, bounce.said
    _note(session, ours, "mail_bounced", by=alerts.WORKER, now=now, status=bounce.status)
    if address.bounces >= SOFT_BOUNCES:
        _stop(session, ours, StopReason.SOFT, bounce, now=now)


def _stop(session: Session, ours: Mail, why: StopReason, bounce: Bounce, *, now: datetime) -> None:
    """Send nothing more to an address, and put it before operations."""
    address = queries.address(session, ours.recipient, now=now)
    address.last_at, address.status, address.said = now, bounce.status, bounce.said
    if address.stopped_at is None:
        address.bounces += why is StopReason.HARD
        address.stopped_at, address.stopped_why = now, why
        access.record(session, alerts.WORKER, "address.stop", _who(ours), now=now, why=why.value, status=bounce.status)
        _note(
            session, ours, "address_stopped", by=alerts.WORKER, now=now, status=bounce.status, reason_stopped=why.value
        )
        log.warning("address_stopped", why=why.value, mail_id=str(ours.id))
    session.flush()


def close_reply(session: Session, reply_id: UUID, *, by: str, now: datetime) -> Reply:
    """Say that a reply needs nothing more. Saying it twice changes nothing.

    Raises:
        ReplyNotFound: there is no such reply.
    """
    reply = queries.reply(session, reply_id)
    if queries.close(session, reply.id, by=by, now=now):
        access.record(session, by, "reply.close", str(reply.id), now=now)
    session.refresh(reply)
    return reply


def clear_address(session: Session, address: str, *, by: str, now: datetime) -> None:
    """Send mails to an address again: somebody made sure that it works.

    Raises:
        AddressNotStopped: it was not stopped, or is not any more.
    """
    row = queries.stopped_address(session, address)
    if row is None or row.stopped_why is None:
        raise AddressNotStopped("Nothing has to be done for it.")
    access.record(session, by, "address.clear", "address", now=now, why=row.stopped_why.value, status=row.status)
    queries.forget(session, row)


def close_unreadable(session: Session, inbound_id: UUID, *, by: str, now: datetime) -> None:
    """Say that somebody has looked at a mail that Headsup could not read.

    Raises:
        InboundMailNotFound: there is none, or it was looked at before.
    """
    if not queries.close_unreadable(session, inbound_id, by=by, now=now):
        raise InboundMailNotFound("Somebody has looked at it, or it is gone.")
    access.record(session, by, "inbound.close", str(inbound_id), now=now)


def _note(session: Session, ours: Mail, kind: str, *, by: str, now: datetime, **detail: str) -> None:
    for alert in outbox.alerts_of(session, ours.id):
        alerts.note(session, alert, kind, actor=by, now=now, mail=str(ours.id), **detail)


def _who(ours: Mail) -> str:
    """The reader of a mail by number: the audit log names no rep."""
    return f"rep:{ours.rep_id}" if ours.rep_id else f"mail:{ours.id}"
