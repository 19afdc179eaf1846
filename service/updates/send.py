"""Send what is in the outbox: claim, hand over, write down what became of it.

A mail is claimed in one transaction and settled in another; between them it is handed over. If the worker dies in
between, the lease ends and another one sends the same bytes under the same Message-ID. A worker that wakes up after its
lease was taken over finds that its token is no longer valid, and writes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parseaddr
from secrets import SystemRandom
from time import monotonic, sleep
from uuid import uuid4

import structlog

from models import Mail, MailKind, MailState
from service.access import actions as access
from service.alerts import actions as alerts
from service.kit import crash
from service.kit.database import OUTAGES, Database, Session
from service.kit.errors import Unavailable
from service.kit.logs import redacted
from service.kit.settings import Settings
from service.updates import held, holds, recheck, rules, smtp, ways_back
from service.updates.envelope import domain
from service.updates.queries import outbox, owed
from service.updates.smtp import Channel, Limits, NotSent, Verdict
from service.updates.steps import WORKER

log = structlog.get_logger()
LUCK = SystemRandom()

# A lease outlasts the longest mail by half: name lookups and a busy database take time, too.
LEASE_FACTOR = 1.5
ROUND_SECONDS = 60
RECORD_PAUSE_SECONDS = 0.5
# A relay that refuses us is asked less often than one that cannot be reached: it may shut us out for asking.
HOLD, PAUSE = timedelta(minutes=2), timedelta(seconds=30)
OF_ALERTS = frozenset({MailKind.ESCALATION, MailKind.LATE_UPDATE})
"""Mails to operations about one alert."""
BESIDE = frozenset({MailKind.COMMITMENT, MailKind.RECEIPT})
"""Mails to a rep that stand beside an alert and do not tell of it."""


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
    with db.read() as session:
        held_back, waiting = holds.of_all(session, now=now), outbox.waiting(session)
    if held_back and waiting:
        raise MailWaits(f"{waiting} mails wait: the outbox is held. {held_back.reason}")
    round_ = Round(db, settings, now)
    sender, limits = parseaddr(settings.mail_from)[1], Limits.within(settings.mail_seconds)
    with Channel(smtp.relay_of(settings.smtp_url), domain(settings), limits) as channel:
        return sum(
            _hand_over(round_, channel, each, ways_back.envelope_sender(settings, each.mail, otherwise=sender))
            for each in _claimed(round_)
        )


def lease(settings: Settings) -> timedelta:
    """How long a claimed mail belongs to the worker that claimed it."""
    return timedelta(seconds=LEASE_FACTOR * settings.mail_seconds)


@dataclass(frozen=True)
class Round:
    """One round of sending. It began at `now`; what it has taken since counts, for leases and for who was told when."""

    db: Database
    settings: Settings
    now: datetime
    started: float = field(default_factory=monotonic)

    @property
    def moment(self) -> datetime:
        """The present, in whole seconds since the round began."""
        return self.now + timedelta(seconds=int(monotonic() - self.started))


@dataclass(frozen=True)
class Claimed:
    """A mail that is ours until its lease ends."""

    mail: Mail
    over_at: float


def _claimed(round_: Round) -> Iterator[Claimed]:
    """Claim the due mails, for a minute at most, at the relay's pace; a second that was too slow is made up for."""
    pause, free_at = 60 / round_.settings.mails_per_minute, round_.started
    while monotonic() - round_.started < ROUND_SECONDS:
        sleep(max(0.0, free_at - monotonic()))
        free_at = max(free_at, monotonic() - 1) + pause
        claimed, found = _claim(round_)
        if not found:
            return
        if claimed:
            crash.point("mail-claimed")
            yield claimed


def _claim(round_: Round) -> tuple[Claimed | None, bool]:
    """Claim the next mail: None if it must not go, or not now. And whether there was one at all."""
    now, keep = round_.now, lease(round_.settings)
    over_at = monotonic() + keep.total_seconds()
    with round_.db.begin() as session:
        if holds.of_all(session, now=now):
            return None, False
        reps = holds.of_reps(session, now=now) is None
        mail = outbox.claim(session, reps=reps, now=now, lease_until=round_.moment + keep, token=uuid4())
        if mail is None:
            return None, False
        if reason := rules.deadly(mail):
            _park(session, mail, reason, now=now)
            return None, True
        if reason := _unwanted(session, mail, now=now):
            _suppress(session, mail, reason, now=now)
            return None, True
        goes = not _postponed(session, mail, round_.settings, now=now)
    return (Claimed(mail, over_at) if goes else None), True


def _unwanted(session: Session, mail: Mail, *, now: datetime) -> str | None:
    """Look at the world again just before sending: it may have moved on since the mail was composed."""
    if why := held.refusal(session, mail):
        return why
    if mail.kind in OF_ALERTS:
        alert = outbox.alert_of(session, mail)
        assert alert is not None
        return rules.unwanted_by_operations(mail.kind, alert)
    if mail.rep_id is None:
        return None
    rep = outbox.rep(session, mail.rep_id)
    if rep is None or rep.email != mail.recipient:
        return rules.REP_CHANGED
    return recheck.old_news(session, mail, now=now) if mail.kind in recheck.LOOKED_AT else None


def _postponed(session: Session, mail: Mail, settings: Settings, *, now: datetime) -> bool:
    """Put a mail back that its reader does not want yet, or that can wait; the try does not count."""
    wait = held.postponed(session, mail, outbox.update_of(session, mail), now=now)
    wait = wait or recheck.until_open(session, mail, settings, now=now)
    if wait:
        later = {"state": MailState.QUEUED, "next_at": wait.until, "attempts": mail.attempts - 1}
        outbox.settle(session, mail, **later, last_error=wait.why)
    return wait is not None


def _suppress(session: Session, mail: Mail, reason: str, *, now: datetime) -> None:
    """Keep a mail back for good. If another is to take its place, all that it tells is free again for that one."""
    frees = reason in {rules.REP_CHANGED, rules.OVERTAKEN}
    free = {"update_id": None, "dedupe_key": f"{mail.dedupe_key}:kept-back:{mail.id}"} if frees else {}
    if outbox.settle(session, mail, state=MailState.SUPPRESSED, last_error=reason, **free) and frees:
        owed.release(session, mail.id)
    access.record(session, WORKER, "mail.suppress", str(mail.id), now=now, reason=redacted(reason))
    log.info("mail_suppressed", mail_id=str(mail.id))


def _hand_over(round_: Round, channel: Channel, claimed: Claimed, sender: str) -> bool:
    """Hand one mail over and write down what became of it; True if the relay confirmed it and it was still ours."""
    mail = claimed.mail
    if monotonic() >= claimed.over_at:
        # This process stood still: another worker may be sending it.
        log.info("mail_lease_lost", mail_id=str(mail.id), attempts=mail.attempts)
        return False
    try:
        channel.deliver(sender, mail.recipient, mail.content, before=claimed.over_at)
    except NotSent as failure:
        _failed(round_.db, mail, failure, now=round_.now)
        return False
    crash.point("mail-accepted")
    ours = _sent(round_, claimed)
    crash.point("mail-recorded")
    log.info("mail_sent" if ours else "mail_lease_lost", mail_id=str(mail.id), attempts=mail.attempts)
    return ours


def _sent(round_: Round, claimed: Claimed) -> bool:
    """Write down that the relay has a mail, or try until the lease ends, lest it come again; True if it was ours."""
    mail = claimed.mail
    while True:
        try:
            with round_.db.begin_first() as session:
                ours = outbox.settle(session, mail, state=MailState.SENT, sent_at=round_.moment, last_error=None)
                if ours and mail.rep_id:
                    _note(session, mail, "rep_mailed" if mail.kind in BESIDE else "rep_told", now=round_.now)
        except OUTAGES:
            if monotonic() + RECORD_PAUSE_SECONDS >= claimed.over_at:
                raise
            log.warning("mail_not_recorded", mail_id=str(mail.id), attempts=mail.attempts)
            sleep(RECORD_PAUSE_SECONDS)
        else:
            return ours


def _failed(db: Database, mail: Mail, failure: NotSent, *, now: datetime) -> None:
    log.warning("mail_not_sent", mail_id=str(mail.id), verdict=failure.verdict, reason=str(failure))
    pause = HOLD if failure.code >= 500 else PAUSE
    with db.begin() as session:
        if failure.verdict is Verdict.CHANNEL:
            # It is not this mail's fault, so the try does not count.
            outbox.settle(
                session,
                mail,
                state=MailState.QUEUED,
                next_at=now + pause,
                attempts=mail.attempts - 1,
                last_error=str(failure),
            )
            outbox.hold(session, until=now + pause, reason=str(failure))
        elif failure.verdict is Verdict.REFUSED or _in_vain(mail, failure, now=now):
            _park(session, mail, str(failure), now=now)
        else:
            wait = rules.back_off(rules.failures(mail), LUCK.random())
            outbox.settle(session, mail, state=MailState.QUEUED, next_at=now + wait, last_error=str(failure))
    if failure.verdict is Verdict.CHANNEL:
        raise MailWaits(f"The mail relay cannot be used: {failure}. The next try is in {pause.seconds} seconds.")


def _in_vain(mail: Mail, failure: NotSent, *, now: datetime) -> bool:
    broken = failure.verdict is Verdict.BROKEN and rules.failures(mail) >= rules.MOST_TRIES
    return broken or rules.given_up(mail, now=now)


def _park(session: Session, mail: Mail, reason: str, *, now: datetime) -> None:
    """Give up on a mail and put it before operations."""
    if outbox.settle(session, mail, state=MailState.PARKED, last_error=reason):
        access.record(session, WORKER, "mail.park", str(mail.id), now=now, reason=redacted(reason))
        _note(session, mail, "mail_refused", now=now)


def _note(session: Session, mail: Mail, kind: str, *, now: datetime) -> None:
    for alert in outbox.alerts_of(session, mail.id):
        alerts.note(session, alert, kind, actor=WORKER, now=now, mail=str(mail.id))
