"""What cannot be composed is put before people after a while, instead of being tried for ever."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog

from models import Mail, MailKind, MailState
from service.access import actions as access
from service.alerts import actions as alerts
from service.alerts.actions import WORKER
from service.kit.database import OUTAGES, Database
from service.kit.errors import describe
from service.kit.settings import Settings
from service.updates.envelope import domain
from service.updates.queries import owed
from service.updates.words import LONGEST_SUBJECT, clean

log = structlog.get_logger()

TRIED_FOR = timedelta(minutes=5)


def park(db: Database, rep_id: int, alert_id: UUID, error: Exception, settings: Settings, *, now: datetime) -> bool:
    """Park an alert's news for a rep as a mail without content, if it has been tried for five minutes.

    "Send again" lets it be composed anew. A database that is away says nothing about the news.
    """
    if isinstance(error, OUTAGES):
        return False
    with db.begin() as session:
        rep = owed.take(session, rep_id)
        updates = [each for each in owed.owed(session, rep_id) if each.alert_id == alert_id]
        if rep is None or not updates or updates[0].written_at > now - TRIED_FOR:
            return False
        mail_id, newest = uuid4(), updates[-1]
        mail = Mail(
            id=mail_id,
            kind=MailKind.HEADS_UP,
            dedupe_key=f"not-composed:{newest.id}:{mail_id}",
            update_id=newest.id,
            alert_id=alert_id,
            rep_id=rep_id,
            recipient=rep.email,
            subject=clean(f"Not composed: {newest.alert.account.name}", LONGEST_SUBJECT),
            message_id=f"<{mail_id}@{domain(settings)}>",
            content=b"",
            state=MailState.PARKED,
            created_at=now,
            next_at=now,
            last_error=f"It could not be composed for {TRIED_FOR.seconds // 60} minutes: {describe(error)}",
        )
        session.add(mail)
        session.flush()
        owed.settle(session, updates, mail_id=mail_id)
        access.record(session, WORKER, "mail.park", str(mail_id), now=now, reason=mail.last_error)
        alerts.note(session, newest.alert, "mail_refused", actor=WORKER, now=now, mail=str(mail_id))
    log.warning("mail_parked", mail_id=str(mail_id), alert_id=str(alert_id))
    return True
