"""What people do with updates: write one, acknowledge the mail of one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from models import Alert, Mail, MailKind, Update, UpdateKind
from service.access import actions as access
from service.alerts import actions as alerts
from service.alerts.rules import AlertResolved
from service.kit.database import Session
from service.kit.links import LinkInvalid
from service.updates import rules
from service.updates.queries import outbox
from service.updates.schemas import UpdateIn

log = structlog.get_logger()


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


@dataclass(frozen=True)
class Acknowledged:
    """What the page behind a mail's button shows. A mail about several accounts names one and counts the others."""

    account_name: str
    already: bool
    others: int = 0


def acknowledged(session: Session, mail_id: UUID) -> Acknowledged:
    """Tell whose mail it is and whether the rep has acknowledged it.

    Raises:
        LinkInvalid: there is no such mail.
    """
    mail, about = _heads_up(session, mail_id)
    accounts = {alert.account_id: alert.account.name for alert in about}
    return Acknowledged(next(iter(accounts.values())), mail.acknowledged_at is not None, len(accounts) - 1)


def acknowledge_mail(session: Session, mail_id: UUID, *, now: datetime) -> None:
    """Note that the rep has the heads-up. It counts once, however often the button is pressed.

    Raises:
        LinkInvalid: there is no such mail.
    """
    mail, about = _heads_up(session, mail_id)
    if not outbox.mark_acknowledged(session, mail.id, now=now):
        return
    for alert in about:
        alerts.note(session, alert, "rep_acknowledged", actor=mail.recipient, now=now, mail=str(mail.id), via="link")
    # By number: the line stays when the rep is erased.
    access.record(session, f"rep:{mail.rep_id}", "mail.acknowledge", str(mail.id), now=now, via="link")
    log.info("rep_acknowledged", mail_id=str(mail.id))


def _heads_up(session: Session, mail_id: UUID) -> tuple[Mail, list[Alert]]:
    mail = outbox.mail(session, mail_id)
    about = outbox.alerts_of(session, mail) if mail and mail.kind is MailKind.HEADS_UP else []
    if mail is None or not about:
        raise LinkInvalid
    return mail, about
