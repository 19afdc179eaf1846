"""Send what is in the outbox: claim, hand over, write down what became of it.

A mail is claimed in one transaction and settled in another; between them it is handed over. If the worker dies in
between, the lease ends and another one sends the same bytes under the same Message-ID. A worker that wakes up after its
lease was taken over finds that its token is no longer valid, and writes nothing.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parseaddr
from secrets import SystemRandom
from time import monotonic
from uuid import uuid4

import structlog

from models import Alert, Mail, MailKind, MailState
from service.access import actions as access
from service.alerts import actions as alerts
from service.kit.database import Database, Session
from service.kit.errors import Unavailable
from service.kit.settings import Settings
from service.updates import rules, smtp
from service.updates.envelope import domain
from service.updates.queries import outbox, told
from service.updates.smtp import Channel, NotSent, Verdict
from service.updates.steps import WORKER

log = structlog.get_logger()
LUCK = SystemRandom()

# Outlasts a round and the longest mail in it.
LEASE = timedelta(minutes=5)
ROUND_SECONDS = 60
HOLD = timedelta(minutes=2)


class MailWaits(Unavailable):
    """Mails wait because the mail relay is not set up or cannot be used."""


def send(db: Database, settings: Settings, *, now: datetime) -> int:
    """Send the mails that are due, as many as go in a minute; return how many were confirmed.

    Raises:
        MailWaits: mails wait and no relay is set up, or the relay cannot be used.
    """
    if not settings.smtp_url:
        with db.read() as session:
            waiting = outbox.waiting(session)
        if waiting:
            raise MailWaits(f"{waiting} mails wait: HEADSUP_SMTP_URL is not set.")
        return 0
    sender, started = parseaddr(settings.mail_from)[1], monotonic()
    with Channel(smtp.relay_of(settings.smtp_url), domain(settings)) as channel:
        return sum(_hand_over(db, channel, mail, sender, now=now, started=started) for mail in _claimed(db, now=now))


def _claimed(db: Database, *, now: datetime) -> Iterator[Mail]:
    """Claim the due mails one after the other, for a minute at most."""
    started = monotonic()
    while monotonic() - started < ROUND_SECONDS:
        with db.begin() as session:
            mail = outbox.claim(session, now=now, lease_until=now + LEASE, token=uuid4())
            reason = _unwanted(session, mail, now=now) if mail else None
            if mail and reason:
                _suppress(session, mail, reason, now=now)
        if mail is None:
            return
        if not reason:
            yield mail


def _unwanted(session: Session, mail: Mail, *, now: datetime) -> str | None:
    """Look at the world again just before sending: it may have moved on since the mail was composed."""
    alert = outbox.alert_of(session, mail)
    assert alert is not None
    update = outbox.update_of(session, mail)
    if mail.kind is not MailKind.HEADS_UP or update is None:
        return rules.unwanted_by_operations(mail.kind, alert)
    rep = alert.account.rep
    if rep is None or rep.id != mail.rep_id or rep.email != mail.recipient:
        return rules.REP_CHANGED
    answered = told.is_answered(session, alert.id, since=update.written_at)
    return rules.unwanted(update.kind, alert, answered=answered, now=now)


def _suppress(session: Session, mail: Mail, reason: str, *, now: datetime) -> None:
    """Keep a mail back for good. If the rep changed, its update is free again for a mail to the new one."""
    free = {"update_id": None, "dedupe_key": f"{mail.dedupe_key}:kept-back:{mail.id}"}
    kept = free if reason == rules.REP_CHANGED else {}
    outbox.settle(session, mail, state=MailState.SUPPRESSED, last_error=reason, **kept)
    access.record(session, WORKER, "mail.suppress", str(mail.id), now=now, reason=reason)
    log.info("mail_suppressed", mail_id=str(mail.id))


def _hand_over(db: Database, channel: Channel, mail: Mail, sender: str, *, now: datetime, started: float) -> bool:
    """Hand one mail over and write down what became of it; True if the relay confirmed it and it was still ours.

    The round began at `now`. Whether a rep was told first may be a matter of seconds, so what the round has taken by
    then counts.
    """
    try:
        channel.deliver(sender, mail.recipient, mail.content)
    except NotSent as failure:
        _failed(db, mail, failure, now=now)
        return False
    sent_at = now + timedelta(seconds=int(monotonic() - started))
    with db.begin() as session:
        ours = outbox.settle(session, mail, state=MailState.SENT, sent_at=sent_at, last_error=None)
        if ours and mail.kind is MailKind.HEADS_UP:
            _note(session, mail, "rep_told", now=now)
    log.info("mail_sent" if ours else "mail_lease_lost", mail_id=str(mail.id), attempts=mail.attempts)
    return ours


def _failed(db: Database, mail: Mail, failure: NotSent, *, now: datetime) -> None:
    log.warning("mail_not_sent", mail_id=str(mail.id), verdict=failure.verdict, reason=str(failure))
    with db.begin() as session:
        if failure.verdict is Verdict.CHANNEL:
            # It is not this mail's fault, so the try does not count.
            outbox.settle(
                session,
                mail,
                state=MailState.QUEUED,
                next_at=now + HOLD,
                attempts=mail.attempts - 1,
                last_error=str(failure),
            )
            outbox.hold(session, until=now + HOLD, reason=str(failure))
        elif failure.verdict is Verdict.REFUSED or rules.given_up(mail, now=now):
            _park(session, mail, str(failure), now=now)
        else:
            wait = rules.back_off(mail.attempts, LUCK.random())
            outbox.settle(session, mail, state=MailState.QUEUED, next_at=now + wait, last_error=str(failure))
    if failure.verdict is Verdict.CHANNEL:
        raise MailWaits(f"The mail relay cannot be used: {failure}. The next try is in 2 minutes.")


def _park(session: Session, mail: Mail, reason: str, *, now: datetime) -> None:
    """Give up on a mail and put it before operations."""
    if outbox.settle(session, mail, state=MailState.PARKED, last_error=reason):
        access.record(session, WORKER, "mail.park", str(mail.id), now=now, reason=reason)
        _note(session, mail, "mail_refused", now=now)


def _note(session: Session, mail: Mail, kind: str, *, now: datetime) -> None:
    alert: Alert | None = outbox.alert_of(session, mail)
    if alert:
        alerts.note(session, alert, kind, actor=WORKER, now=now, mail=str(mail.id))
