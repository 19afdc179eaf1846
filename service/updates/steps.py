"""The worker's steps: find what has not been told, and have it told.

Each looks at the tables and nowhere else, so a crash loses nothing; each may be run by several workers at once.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4, uuid5

import structlog

from models import Alert, MailKind, Operator, Update, UpdateKind
from service.access import actions as access
from service.access import queries as operators
from service.alerts import actions as alerts
from service.kit.database import Database, Session
from service.kit.settings import Settings
from service.updates import posting, words
from service.updates.contents import Notice, To
from service.updates.posting import Parcel
from service.updates.queries import outbox, told
from service.updates.queries.once import insert_once

log = structlog.get_logger()

WORKER = alerts.WORKER
ENDS_FOR = timedelta(days=7)
# Fewer reasons are read than can be listed.
REASONS = 4


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
    row = {
        "id": uuid5(alert.id, kind),
        "alert_id": alert.id,
        "kind": kind,
        "written_at": now,
        "written_by": WORKER,
        "risk": alert.risk,
    }
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
                _post_late(session, update, operator, settings, now=now)
    return len(late)


def _responsible(session: Session, alert: Alert) -> list[Operator]:
    """Whose alert it is, or else the leads."""
    assigned = operators.operator_by_email(session, alert.assigned_to) if alert.assigned_to else None
    return [assigned] if assigned and not assigned.disabled_at else operators.leads(session)


def _post_late(session: Session, update: Update, operator: Operator, settings: Settings, *, now: datetime) -> bool:
    """Tell somebody of operations that a rep was promised news which have not come."""
    assert update.next_update_at is not None
    facts = {
        "name": words.clean(update.alert.account.name, 80),
        "promised_at": update.next_update_at,
        "cause": update.cause,
    }
    notice, key = _notice(operator, "late", facts, update.alert, settings), f"late:{update.id}:{operator.id}"
    return posting.post(
        session, _to_operations(MailKind.LATE_UPDATE, key, notice, operator, update.alert), settings, now=now
    )


def remind(db: Database, settings: Settings, *, now: datetime) -> int:
    """Tell the leads of the alerts that nobody answered, once for each time that they escalate."""
    with db.read() as session:
        if not told.escalations(session):
            return 0
    with db.begin() as session:
        waiting, leads = told.escalations(session), operators.leads(session)
        owed = {
            f"escalation:{alert.id}:{alert.escalated_at:%Y%m%dT%H%M%S}:{lead.id}": (alert, lead)
            for alert in waiting
            for lead in leads
        }
        known = outbox.known_keys(session, list(owed))
        return sum(_escalate(session, key, *owed[key], settings, now=now) for key in owed.keys() - known)


def _escalate(session: Session, key: str, alert: Alert, lead: Operator, settings: Settings, *, now: datetime) -> bool:
    facts = {
        "name": words.clean(alert.account.name, 80),
        "opened_at": alert.opened_at,
        "reasons": words.rising(alert)[:REASONS],
        "plain_after_minutes": settings.plain_after_minutes,
    }
    notice = _notice(lead, "escalation", facts, alert, settings)
    return posting.post(session, _to_operations(MailKind.ESCALATION, key, notice, lead, alert), settings, now=now)


def _notice(operator: Operator, about: str, facts: dict[str, Any], alert: Alert, settings: Settings) -> Notice:
    to = To(uuid4(), operator.name, operator.time_zone, settings.site_url)
    return Notice(to, about, f"{settings.site_url}/alerts/{alert.id}", facts)


def _to_operations(kind: MailKind, key: str, notice: Notice, operator: Operator, alert: Alert) -> Parcel:
    return Parcel(
        kind=kind,
        key=key,
        content=notice,
        email=operator.email,
        root=f"operations.{alert.id.hex}",
        list_name="operations",
        alert_id=alert.id,
    )
