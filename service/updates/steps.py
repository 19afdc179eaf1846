"""The worker's steps: find what has not been told, and have it told.

Each looks at the tables and nowhere else, so a crash loses nothing; each may be run by several workers at once.
"""

from datetime import datetime, timedelta
from uuid import UUID, uuid4, uuid5

import structlog

from models import Alert, Mail, Operator, Update, UpdateKind
from service.access import actions as access
from service.access import queries as operators
from service.alerts import actions as alerts
from service.kit.database import Database, Session
from service.kit.errors import Unavailable
from service.kit.settings import Settings
from service.updates import letters, rules
from service.updates.letters import Letter, Reader
from service.updates.queries import outbox, told
from service.updates.queries.once import insert_once

log = structlog.get_logger()

WORKER = alerts.WORKER
ENDS_FOR = timedelta(days=7)
HISTORY = timedelta(days=56)


class NotComposed(Unavailable):
    """Some mails could not be composed. The log says why; they are tried again in every round."""


def tell_plainly(db: Database, settings: Settings, *, now: datetime) -> int:
    """Give the reps a plain heads-up about alerts on which operations has stayed silent for too long."""
    with db.begin() as session:
        silent = told.silent_alerts(session, opened_before=now - timedelta(minutes=settings.plain_after_minutes))
        return sum(_tell_itself(session, alert, UpdateKind.PLAIN, now=now) for alert in silent)


def tell_ends(db: Database, _settings: Settings, *, now: datetime) -> int:
    """Let the reps that were told of an alert know that it has ended."""
    with db.begin() as session:
        ended = told.untold_ends(session, ended_after=now - ENDS_FOR)
        return sum(_tell_itself(session, alert, UpdateKind.RESOLVED, now=now) for alert in ended)


def _tell_itself(session: Session, alert: Alert, kind: UpdateKind, *, now: datetime) -> bool:
    """Write an update in Headsup's own name. Its id follows from the alert, so there can be only one."""
    row = {"id": uuid5(alert.id, kind), "alert_id": alert.id, "kind": kind, "written_at": now, "written_by": WORKER}
    update_id = insert_once(session, Update, row)
    if update_id is None:
        return False
    alerts.note(session, alert, f"update_{kind}", actor=WORKER, now=now, update=str(update_id))
    access.record(session, WORKER, f"update.{kind}", str(update_id), now=now, alert=str(alert.id))
    log.info("update_written", alert_id=str(alert.id), update_id=str(update_id), kind=kind)
    return True


def raise_late(db: Database, settings: Settings, *, now: datetime) -> int:
    """Remind operations, once, of each update that was promised to a rep and has not come."""
    with db.begin() as session:
        late = [each for each in told.overdue_updates(session, now=now) if told.mark_late(session, each.id, now=now)]
        for update in late:
            alerts.note(session, update.alert, "update_late", actor=WORKER, now=now, update=str(update.id))
            access.record(session, WORKER, "update.late", str(update.id), now=now, alert=str(update.alert_id))
            for operator in _responsible(session, update.alert):
                letter = letters.late_update(update, _reader(f"late:{update.id}", operator), settings, now=now)
                _queue(session, letter, now=now)
    return len(late)


def _responsible(session: Session, alert: Alert) -> list[Operator]:
    """Whose alert it is, or else the leads."""
    assigned = operators.operator_by_email(session, alert.assigned_to) if alert.assigned_to else None
    return [assigned] if assigned and not assigned.disabled_at else operators.leads(session)


def _reader(about: str, operator: Operator) -> Reader:
    return Reader(uuid4(), f"{about}:{operator.id}", operator.email, operator.name, operator.time_zone)


def compose(db: Database, settings: Settings, *, now: datetime) -> int:
    """Compose the mails that are owed. One that cannot be composed stands in nobody's way.

    Raises:
        NotComposed: some could not be.
    """
    with db.begin() as session:
        done = _compose_escalations(session, settings, now=now)
    with db.read() as session:
        owed = told.unmailed(session, ended_after=now - rules.STALE_AFTER)
    failed = 0
    for update_id in owed:
        try:
            with db.begin() as session:
                done += compose_heads_up(session, update_id, settings, now=now)
        except Exception:
            failed += 1
            log.exception("mail_not_composed", update_id=str(update_id))
    if failed:
        raise NotComposed(f"{failed} of {len(owed)} mails could not be composed; see the log.")
    return done


def _compose_escalations(session: Session, settings: Settings, *, now: datetime) -> int:
    """Tell the leads of the alerts that nobody answered, once for each time that they escalate."""
    waiting = told.escalations(session)
    leads = operators.leads(session) if waiting else []
    pairs = [
        (alert, _reader(f"escalation:{alert.id}:{alert.escalated_at:%Y%m%dT%H%M%S}", lead))
        for alert in waiting
        for lead in leads
    ]
    known = outbox.known_keys(session, [reader.key for _, reader in pairs])
    owed = [letters.escalation(alert, reader, settings, now=now) for alert, reader in pairs if reader.key not in known]
    return sum(_queue(session, letter, now=now) for letter in owed)


def compose_heads_up(session: Session, update_id: UUID, settings: Settings, *, now: datetime) -> bool:
    """Compose the mail of an update; False if nobody wants it or somebody else has just composed it."""
    update = told.to_mail(session, update_id)
    if update is None:
        return False
    alert, account = update.alert, update.alert.account
    answered = told.is_answered(session, alert.id, since=update.written_at)
    if account.rep is None or rules.unwanted(update.kind, alert, answered=answered, now=now):
        return False
    facts = letters.Facts(
        id=uuid4(),
        update=update,
        alert=alert,
        account=account,
        rep=account.rep,
        history=told.risk_days(session, alert, since=(now - HISTORY).date()),
        thread=told.thread(session, alert.id, account.rep),
    )
    return _queue(session, letters.heads_up(facts, settings, now=now), now=now)


def _queue(session: Session, letter: Letter, *, now: datetime) -> bool:
    """Put a letter into the outbox; False if another worker has just done so."""
    row = letter.row() | {"created_at": now, "next_at": now}
    if insert_once(session, Mail, row) is None:
        return False
    log.info("mail_composed", mail_id=str(letter.id), kind=letter.kind)
    return True
