"""What the rows of the queue and the panel of an alert show."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from models import Alert
from service.access import queries as access
from service.alerts import queries as alert_queries
from service.console import rules
from service.console.doors import Visitor
from service.console.queries import alert as queries
from service.console.queries import queue
from service.kit.database import Session
from service.replies import queries as replies
from service.updates.queries import addresses

HISTORY_DAYS = 120
RISE = 0.10
FIELDS = ("cause", "owner", "fix", "say", "next_update_at", "own_time", "urgent")


def panel_facts(
    session: Session,
    alert: Alert,
    visitor: Visitor,
    *,
    now: datetime,
    draft: Mapping[str, str] | None = None,
    missing: Collection[str] = (),
    notice: str = "",
) -> dict[str, Any]:
    """Everything the panel needs. `draft` is what was typed and could not be sent, `missing` names what it lacks."""
    today = now.date()
    presets = rules.next_update_presets(now, visitor.zone)
    fresh = dict.fromkeys(FIELDS, "") | {
        "owner": visitor.operator.name,
        "next_update_at": presets[0].at.isoformat(),
    }
    history = queue.risk_history(session, [alert.account_id], since=today - timedelta(days=HISTORY_DAYS))
    return {
        "alert": alert,
        "events": alert_queries.events(session, alert.id),
        "told": queries.told(session, alert.id),
        "replies": (answers := replies.replies_of(session, alert.id)),
        "waiting": replies.waiting_among(session, answers),
        "stopped": alert.account.rep and addresses.stopped(session, alert.account.rep.email),
        "away_until": replies.away_until(session, alert.account.rep_id, now=now),
        "last_event": queries.last_event(session, alert.id),
        "rise": queue.rises(session, [alert.account_id]).get(alert.account_id),
        "risk_days": history.get(alert.account_id, []),
        "names": queue.operator_names(session),
        "operators": access.operators(session),
        "update_presets": presets,
        "snooze_presets": rules.snooze_presets(now, visitor.zone),
        "wrong_reasons": rules.WRONG_REASONS,
        "rise_to": min(round(alert.risk + RISE, 3), 1.0),
        "draft": draft or fresh,
        "missing": missing,
        "notice": notice,
    }


def row_facts(session: Session, alerts: list[Alert], *, today: date) -> dict[str, Any]:
    """What the rows show beside the alerts themselves."""
    ids = [alert.id for alert in alerts]
    line = max((alert.line for alert in alerts), default=1.0)
    return {
        "promised": queue.promised(session, ids),
        "replied": replies.waiting_by_alert(session, ids),
        "seen": queue.last_events(session, ids),
        "names": queue.operator_names(session),
        "rises": queue.rises(session, [alert.account_id for alert in alerts]),
        **spark_facts(session, [alert.account_id for alert in alerts], line=line, today=today),
    }


def spark_facts(session: Session, account_ids: list[int], *, line: float, today: date) -> dict[str, Any]:
    """What sparklines are drawn from; all of a page share one scale, so that they can be compared."""
    history = queue.risk_history(session, account_ids, since=today - timedelta(days=rules.SPARK_DAYS - 1))
    top = max([1.25 * line, *(risk for days in history.values() for _, risk in days)])
    return {"history": history, "top": min(top, 1.0), "today": today}
