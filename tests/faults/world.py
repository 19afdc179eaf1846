"""Look at everything when all is over, for the checker."""

import hashlib
import time
from collections import Counter
from datetime import UTC, datetime
from email.message import EmailMessage

from sqlalchemy import func, select

from models import (
    Account,
    Alert,
    AlertEvent,
    AuditEntry,
    Commitment,
    Mail,
    MailState,
    Metric,
    Observation,
    Telling,
    Update,
    WorkerStep,
)
from service import worker
from service.kit.database import Database, Session
from tests.faults.checker import Delivery, Finding, MailRow, PromiseRow, UpdateRow, World, check, repeats
from tests.faults.history import History
from tests.mailbox import Mailbox

LAST_STEP = [name for name, _ in worker.STEPS if name not in worker.MAILING | worker.READING | worker.WATCHING][-1]
"""It ends a round of all that is no mail."""
MOST_WORKERS = 3
"""As many has a cluster where several may share the database."""


def busy_with(session: Session) -> dict[str, str]:
    """What waits, one of a kind: an account to be scored, an update to be mailed, a mail to find its end."""
    mailed = select(Telling.update_id).where(Telling.update_id == Update.id).exists()
    unmailed = select(Update).join(Update.alert).join(Alert.account).where(Account.rep_id.is_not(None), ~mailed)
    due = select(Mail).where(Mail.state.in_([MailState.QUEUED, MailState.SENDING]))
    account = session.scalar(select(Account).where(Account.data_version != Account.scored_version).limit(1))
    update, mail = session.scalar(unmailed.limit(1)), session.scalar(due.limit(1))
    told = {
        "account": account and f"{account.external_id} is at {account.scored_version} of {account.data_version}",
        "update": update and f"{update.kind} of {update.written_at}",
        "mail": mail and f"{mail.state}, try {mail.attempts}, next {mail.next_at}, {mail.last_error}",
    }
    return {kind: each for kind, each in told.items() if each}


def wait_idle(db: Database, within: float) -> None:
    """Wait until nothing waits, nor is found to do in a whole round that began after that.

    Between a score and the alert that comes of it nothing waits. A round that ends may have begun before, one for each
    worker; the next one cannot.
    """
    until, ends = time.monotonic() + within, set[datetime | None]()
    while len(ends) < 2 + (1 if db.is_sqlite else MOST_WORKERS):
        time.sleep(0.5)
        with db.read() as session:
            waits = busy_with(session)
            ended = session.scalar(select(WorkerStep.ended_at).where(WorkerStep.name == LAST_STEP))
        ends = set() if waits else ends | {ended}
        assert time.monotonic() < until, f"still busy after {within} s, at {datetime.now(UTC)}: {waits}, {len(ends)}"


def look(db: Database, history: History, mailbox: Mailbox) -> World:
    events = history.events()
    with db.read() as session:
        return World(
            history=events,
            observations=_observations(session),
            updates=_updates(session),
            promises=[
                PromiseRow(each.external_id or "", at_risk=each.at_risk, told_by=str(each.mail_id or ""))
                for each in session.scalars(select(Commitment))
            ],
            mails=_mails(session),
            delivered=[_delivery(*each) for each in zip(mailbox.mails, mailbox.delivered, strict=True)],
            live_alerts=[
                str(each) for each in session.scalars(select(Alert.account_id).where(Alert.resolved_at.is_(None)))
            ],
            alerts=_openings(session),
            unscored=list(
                session.scalars(select(Account.external_id).where(Account.data_version != Account.scored_version))
            ),
        )


def _observations(session: Session) -> dict[tuple[str, str, str, str], float]:
    """What clients sent: it is about an item, the past that the test began with is not."""
    rows = (
        select(Account.external_id, Metric.external_id, Observation.observed_at, Observation.item_id, Observation.value)
        .join(Account, Account.id == Observation.account_id)
        .join(Metric, Metric.id == Observation.metric_id)
        .where(Observation.item_id != "")
    )
    return {
        (account, metric, at.astimezone(UTC).isoformat(), item): value
        for account, metric, at, item, value in session.execute(rows)
    }


def _updates(session: Session) -> list[UpdateRow]:
    audits = Counter(session.scalars(select(AuditEntry.subject).where(AuditEntry.action.startswith("update."))))
    rows = select(Update, Account.rep_id, Telling).join(Update.alert).join(Alert.account)
    rows = rows.outerjoin(Telling, Telling.update_id == Update.id)
    return [
        UpdateRow(
            id=str(update.id),
            alert=str(update.alert_id),
            token=next((word for word in update.cause.split() if word.startswith("token-")), ""),
            has_rep=rep_id is not None,
            told_by=str(told.mail_id) if told and told.mail_id else "",
            dropped=told.reason if told else "",
            audits=audits[str(update.id)],
        )
        for update, rep_id, told in session.execute(rows)
    ]


def _mails(session: Session) -> list[MailRow]:
    return [
        MailRow(
            id=str(mail.id),
            message_id=mail.message_id,
            recipient=mail.recipient,
            state=mail.state,
            reason=mail.last_error or "",
        )
        for mail in session.scalars(select(Mail))
    ]


def _openings(session: Session) -> dict[str, int]:
    opened = select(AlertEvent.alert_id, func.count()).where(AlertEvent.kind == "opened").group_by(AlertEvent.alert_id)
    counts = {str(alert): count for alert, count in session.execute(opened)}
    return {str(alert): counts.get(str(alert), 0) for alert in session.scalars(select(Alert.id))}


def _delivery(mail: EmailMessage, arrived: tuple[str, bytes]) -> Delivery:
    recipient, content = arrived
    body = mail.get_body(("plain",))
    text = body.get_content() if body else ""
    return Delivery(str(mail["Message-ID"]), recipient, hashlib.sha256(content).hexdigest(), text)


def judge(db: Database, history: History, mailbox: Mailbox) -> tuple[World, list[Finding], int]:
    """The world, its broken promises, and how many messages came twice under one Message-ID."""
    world = look(db, history, mailbox)
    return world, check(world), repeats(world)
