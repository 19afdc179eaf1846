"""What cannot be composed is put before people after a few tries, instead of being tried for ever."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import structlog

from models import Mail, MailKind, MailState, Rep, Update
from service.access import actions as access
from service.alerts import actions as alerts
from service.alerts.actions import WORKER
from service.kit.database import OUTAGES, Database, Session
from service.kit.errors import describe
from service.kit.settings import Settings
from service.updates import rules
from service.updates.envelope import domain
from service.updates.queries import owed
from service.updates.words import LONGEST_SUBJECT, clean

log = structlog.get_logger()


def failed(
    db: Database, rep_id: int, alert_id: UUID, error: Exception, settings: Settings, *, tries: int, now: datetime
) -> None:
    """Let an alert's news for a rep wait for its next try, or park it: these were the `tries` so far.

    A database that is away says nothing about the news.
    """
    if isinstance(error, OUTAGES):
        return
    if tries >= rules.MOST_TRIES:
        park(db, rep_id, alert_id, f"Composing it failed {tries} times: {describe(error)}", settings, now=now)
        return
    with db.begin() as session:
        if owed.take(session, rep_id):
            news = _news(session, rep_id, alert_id, now=now)
            owed.retry(session, news, tries=tries, at=now + rules.retry_after(tries))


def park(db: Database, rep_id: int, alert_id: UUID, reason: str, settings: Settings, *, now: datetime) -> None:
    """Park an alert's news for a rep as a mail without content. "Send again" lets it be composed anew."""
    with db.begin() as session:
        rep = owed.take(session, rep_id)
        news = _news(session, rep_id, alert_id, now=now)
        if rep and news:
            _park(session, rep, news, reason, settings, now=now)


def _news(session: Session, rep_id: int, alert_id: UUID, *, now: datetime) -> list[Update]:
    return [each for each in owed.owed(session, rep_id, now=now) if each.alert_id == alert_id]


def _park(
    session: Session, rep: Rep, news: Sequence[Update], reason: str, settings: Settings, *, now: datetime
) -> None:
    newest = news[-1]
    facts = {"update_id": newest.id, "alert_id": newest.alert_id, "attempts": newest.tries}
    mail = blank(rep, newest.id, newest.alert.account.name, reason, settings, now=now, kind=MailKind.HEADS_UP, **facts)
    put_before_people(session, mail, now=now)
    owed.settle(session, news, mail_id=mail.id)
    alerts.note(session, newest.alert, "mail_refused", actor=WORKER, now=now, mail=str(mail.id))


def blank(rep: Rep, about: UUID, name: str, reason: str, settings: Settings, *, now: datetime, **facts: Any) -> Mail:
    """A parked mail without content, in the place of one to a rep that could not be composed."""
    mail_id = uuid4()
    return Mail(
        id=mail_id,
        dedupe_key=f"not-composed:{about}:{mail_id}",
        rep_id=rep.id,
        recipient=rep.email,
        subject=clean(f"Not composed: {name}", LONGEST_SUBJECT),
        message_id=f"<{mail_id}@{domain(settings)}>",
        content=b"",
        state=MailState.PARKED,
        created_at=now,
        next_at=now,
        last_error=reason[:500],
        **facts,
    )


def put_before_people(session: Session, mail: Mail, *, now: datetime) -> None:
    session.add(mail)
    session.flush()
    access.record(session, WORKER, "mail.park", str(mail.id), now=now, reason=mail.last_error)
    log.warning("mail_parked", mail_id=str(mail.id), kind=mail.kind)
