"""What people do with updates and mails: write one, send one again."""

from datetime import datetime

import structlog

from models import Alert, Mail, MailState, Update, UpdateKind
from service.access import actions as access
from service.alerts import actions as alerts
from service.alerts.rules import AlertResolved
from service.kit.database import Session
from service.kit.errors import Conflict
from service.updates import rules
from service.updates.queries import owed
from service.updates.schemas import UpdateIn

log = structlog.get_logger()


class MailNotStuck(Conflict):
    """This mail is on its way or has arrived."""


def write_update(session: Session, alert: Alert, said: UpdateIn, *, by: str, now: datetime) -> Update:
    """Tell the rep of an alert what is wrong, who has it, what is done and when the next update comes.

    It answers the alert: one that nobody had acknowledged is acknowledged by this. The worker mails it.

    Raises:
        UpdateIncomplete: `missing` names what it does not say.
        AlertResolved: the alert has ended.
    """
    following = rules.check_complete(said, now=now)
    if alert.resolved_at:
        raise AlertResolved("There is nothing more to tell about it. A new alert opens if the risk rises again.")
    if alert.acknowledged_at is None:
        alerts.acknowledge(session, alert, by=by, now=now)
    update = Update(
        alert_id=alert.id,
        kind=UpdateKind.WRITTEN,
        written_at=now,
        written_by=by,
        cause=said.cause,
        owner=said.owner,
        fix=said.fix,
        say=said.say,
        next_update_at=following,
        urgent=said.urgent,
        risk=alert.risk,
    )
    session.add(update)
    session.flush()
    alerts.note(session, alert, "update", actor=by, now=now, update=str(update.id), next_at=following.isoformat())
    access.record(session, by, "update.write", str(update.id), now=now, alert=str(alert.id))
    log.info("update_written", alert_id=str(alert.id), update_id=str(update.id))
    return update


def send_again(session: Session, mail: Mail, *, by: str, now: datetime) -> None:
    """Put a mail that was given up back into the outbox; it goes out with the bytes it always had.

    One that could never be composed has none. It is taken away, and what it was to tell is composed anew.

    Raises:
        MailNotStuck: it was not given up.
    """
    if mail.state not in {MailState.PARKED, MailState.SUPPRESSED}:
        raise MailNotStuck("Only parked and suppressed mails can be sent again.")
    if mail.state is MailState.PARKED and not mail.content:
        owed.release(session, mail.id)
        session.delete(mail)
        access.record(session, by, "mail.compose_again", str(mail.id), now=now)
        return
    mail.state, mail.next_at, mail.last_error = MailState.QUEUED, now, None
    mail.attempts = mail.deaths = 0
    access.record(session, by, "mail.send_again", str(mail.id), now=now)
