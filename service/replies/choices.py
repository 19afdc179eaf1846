"""What a rep does by the links of a mail: say that it arrived, pause all mails, end the weekly ones.

Whoever holds the mail holds its links, so they can do nothing more than that: no alert is ever closed, put to sleep or
calmed by one, and none shows more than the mail did.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from models import Alert, Mail, MailKind, Rep
from service.access import actions as access
from service.alerts import actions as alerts
from service.kit.database import Session
from service.kit.errors import Invalid
from service.kit.links import LinkInvalid
from service.replies import queries
from service.updates.queries import addresses, outbox

log = structlog.get_logger()

LONGEST_PAUSE = timedelta(days=60)


class PauseInvalid(Invalid):
    """A pause ends on a day ahead, within 60 days."""


@dataclass(frozen=True)
class Acknowledged:
    """What the page behind a mail's button shows."""

    account_names: list[str]
    rep_id: int
    already: bool


def acknowledged(session: Session, mail_id: UUID) -> Acknowledged:
    """Tell whose mail it is and whether the rep has acknowledged it.

    Raises:
        LinkInvalid: there is no such mail, or its accounts have other reps by now.
    """
    mail, told = _heads_up(session, mail_id)
    assert mail.rep_id is not None
    return Acknowledged([alert.account.name for alert in told], mail.rep_id, already=mail.acknowledged_at is not None)


def acknowledge(session: Session, mail_id: UUID, *, knew: bool, now: datetime) -> None:
    """Note that the rep has the heads-up, or knew it before. It counts once, however often a button is pressed.

    Raises:
        LinkInvalid: there is no such mail, or its accounts have other reps by now.
    """
    mail, told = _heads_up(session, mail_id)
    if not outbox.mark_acknowledged(session, mail.id, now=now):
        return
    kind = "rep_knew" if knew else "rep_acknowledged"
    for alert in told:
        alerts.note(session, alert, kind, actor=mail.recipient, now=now, mail=str(mail.id), via="link")
    # By number: the line stays when the rep is erased.
    access.record(
        session,
        f"rep:{mail.rep_id}",
        "mail.acknowledge",
        str(mail.id),
        now=now,
        via="link",
        **{"knew": True} if knew else {},
    )
    log.info("rep_acknowledged", mail_id=str(mail.id), knew=knew)


def _heads_up(session: Session, mail_id: UUID) -> tuple[Mail, list[Alert]]:
    mail = outbox.mail(session, mail_id)
    # Looked up for any number, lest the time that a refusal takes tell which one is a mail.
    about = outbox.alerts_of(session, mail_id)
    if mail is None or mail.kind is not MailKind.HEADS_UP or mail.rep_id is None:
        raise LinkInvalid
    told = [alert for alert in about if alert.account.rep_id == mail.rep_id]
    if not told:
        raise LinkInvalid
    return mail, sorted(told, key=lambda alert: alert.id != mail.alert_id)


@dataclass(frozen=True)
class Choice:
    """What a rep has chosen. `paused_until` is the day on which mails come again."""

    time_zone: ZoneInfo
    paused_until: date | None
    digests_ended: bool


def choice(session: Session, rep_id: int, *, now: datetime) -> Choice:
    """Tell what a rep has chosen.

    Raises:
        LinkInvalid: there is no such rep.
    """
    zone = ZoneInfo(_rep(session, rep_id).time_zone)
    made = addresses.choice(session, rep_id)
    until = made.paused_until if made and made.paused_until and made.paused_until > now else None
    return Choice(zone, until.astimezone(zone).date() if until else None, bool(made and made.digests_ended_at))


def day(text: str) -> date | None:
    """Read a day as forms send it; None for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def pause(session: Session, rep_id: int, until: date | None, *, now: datetime) -> None:
    """Let a rep's mails wait until the morning of a day, on the rep's clock; urgent ones still go.

    Raises:
        LinkInvalid: there is no such rep.
        PauseInvalid: there is no day, or it is past, today, or more than 60 days ahead.
    """
    rep = _rep(session, rep_id)
    moment = datetime.combine(until, time(), ZoneInfo(rep.time_zone)) if until else now
    if not now < moment <= now + LONGEST_PAUSE:
        raise PauseInvalid("Choose a day ahead, within 60 days.")
    queries.choose(session, rep.id, paused_until=moment)
    access.record(
        session, f"rep:{rep.id}", "mails.pause", f"rep:{rep.id}", now=now, until=moment.isoformat(), via="link"
    )
    log.info("rep_paused_mails", rep_id=rep.id)


def resume(session: Session, rep_id: int, *, now: datetime) -> None:
    """End a pause: what has waited goes out.

    Raises:
        LinkInvalid: there is no such rep.
    """
    rep = _rep(session, rep_id)
    made = addresses.choice(session, rep.id)
    if made is None or made.paused_until is None:
        return
    queries.wake_mails(session, rep.id, until=made.paused_until, now=now)
    queries.choose(session, rep.id, paused_until=None)
    access.record(session, f"rep:{rep.id}", "mails.resume", f"rep:{rep.id}", now=now, via="link")


def end_digests(session: Session, rep_id: int, *, ended: bool, now: datetime) -> None:
    """Send a rep no weekly mails any more, or again. Saying it twice changes nothing.

    Raises:
        LinkInvalid: there is no such rep.
    """
    rep = _rep(session, rep_id)
    made = addresses.choice(session, rep.id)
    if bool(made and made.digests_ended_at) is ended:
        return
    queries.choose(session, rep.id, digests_ended_at=now if ended else None)
    action = "digests.end" if ended else "digests.resume"
    access.record(session, f"rep:{rep.id}", action, f"rep:{rep.id}", now=now, via="link")


def _rep(session: Session, rep_id: int) -> Rep:
    found = queries.rep(session, rep_id)
    if found is None:
        raise LinkInvalid
    return found
