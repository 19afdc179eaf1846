"""SQL of what became of alerts, for training."""

from collections import defaultdict
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select

from models import Alert, AlertEvent, ScoreDay
from service.alerts.interventions import ACTED, PAUSED, Happened, Story
from service.kit.database import Session


def stories(session: Session, *, until: datetime) -> list[Story]:
    """All alerts that opened by a moment, with those lines of their history that tell whether somebody acted."""
    kinds = (*ACTED, *PAUSED)
    lines = select(AlertEvent.alert_id, AlertEvent.at, AlertEvent.kind).where(
        AlertEvent.kind.in_(kinds), AlertEvent.at <= until
    )
    events: dict[UUID, list[Happened]] = defaultdict(list)
    for alert_id, at, kind in session.execute(lines.order_by(AlertEvent.at, AlertEvent.id)):
        events[alert_id].append(Happened(at, kind))
    rows = select(Alert.id, Alert.account_id, Alert.opened_at, Alert.resolved_at, Alert.wrong_reason)
    opened = session.execute(rows.where(Alert.opened_at <= until).order_by(Alert.opened_at, Alert.id))
    return [
        Story(account_id, opened_at, ended_at, wrong, events[alert_id])
        for alert_id, account_id, opened_at, ended_at, wrong in opened
    ]


def first_alert(session: Session) -> datetime | None:
    """When the first alert of all opened."""
    return session.scalar(select(func.min(Alert.opened_at)))


def risk_days(session: Session, *, since: date, until: date) -> list[tuple[int, date, float, str]]:
    """The risks (account, day, risk, model) that were recorded, a row an account and day."""
    rows = select(ScoreDay.account_id, ScoreDay.day, ScoreDay.risk, ScoreDay.model)
    within = rows.where(ScoreDay.day >= since, ScoreDay.day <= until).order_by(ScoreDay.account_id, ScoreDay.day)
    return [(account_id, day, risk, model) for account_id, day, risk, model in session.execute(within)]
