"""Tell a rep that a reply has arrived: a step of the worker.

A receipt goes to the rep's own address, for a reply that came from it to an address that we signed, and that no machine
wrote. There is one a thread and hour at most, and none for what answers a receipt: two machines that write to each
other get no further than one mail each.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import uuid4

from models import Mail, Rep, Reply
from service.kit.database import Database, Session
from service.kit.hours import Hours
from service.kit.settings import Settings
from service.replies import queries, threads
from service.updates import facts
from service.updates.contents import Receipt
from service.updates.queries import addresses, owed
from service.updates.words import clean

# After an hour it says nothing that the rep does not know.
WITHIN = ONCE_IN = timedelta(hours=1)
LONGEST_QUOTE = 1_000


def compose(db: Database, settings: Settings, *, now: datetime) -> int:
    """Compose the receipts of the replies that came in; return how many."""
    if not settings.receipts or not settings.inbound_address:
        return 0
    with db.read() as session:
        waiting = [reply.id for reply in queries.without_receipt(session, since=now - WITHIN)]
    done = 0
    for reply_id in waiting:
        with db.begin() as session:
            done += _compose(session, queries.reply(session, reply_id), settings, now=now)
    return done


def _compose(session: Session, reply: Reply, settings: Settings, *, now: datetime) -> bool:
    rep = owed.take(session, reply.rep_id) if reply.rep_id else None
    if rep is None or rep.id in addresses.paused(session, now=now):
        return False
    thread = threads.of(session, reply, rep)
    if not is_first(reply, queries.receipts(session, rep.id, since=reply.received_at - ONCE_IN)):
        return False
    who, promised = queries.who_looks(session, reply)
    receipt = Receipt(
        to=facts.to(uuid4(), rep, settings),
        asked=_quote(reply.body),
        asked_at=reply.received_at,
        answer_by=min((at for at in (promised, answer_by(reply, rep, settings)) if at and at > now), default=None),
        name=thread.name,
        account_id=thread.account_id,
        who=clean(who, 100),
        subject=thread.subject,
    )
    return threads.post(session, receipt, thread, rep, settings, key=f"receipt:{reply.id}", now=now)


def answer_by(reply: Reply, rep: Rep, settings: Settings) -> datetime | None:
    """When operations answers a reply at the latest, by working hours on the rep's clock; None if none is promised."""
    if not settings.answer_hours:
        return None
    hours = Hours(rep.time_zone, settings.work_days, settings.quiet_hours, settings.holidays)
    return hours.after(reply.received_at, timedelta(hours=settings.answer_hours))


def is_first(reply: Reply, receipts: Iterable[Mail]) -> bool:
    """Whether the rep got no receipt for the same alert in the hour before this reply, nor one for the reply itself."""
    return not any(each.alert_id == reply.alert_id for each in receipts)


def _quote(body: str) -> str:
    return body if len(body) <= LONGEST_QUOTE else body[: LONGEST_QUOTE - 1].rstrip() + "…"
