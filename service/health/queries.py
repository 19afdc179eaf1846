"""SQL of readiness and of the figures for Prometheus."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text

from models import Account, Alert, Mail, MailState, Observation, WorkerStep
from service.kit.database import Session
from service.kit.sql import is_sqlite
from service.scoring.queries import active_model


@dataclass(frozen=True)
class Figures:
    """What the tables say at one moment. Ages are in seconds; None where there is nothing to be old."""

    accounts: int
    accounts_unscored: int
    observations: int
    alerts_open: int
    alert_unacknowledged_age: float | None
    mails: dict[str, int]
    mail_queue_age: float | None
    model_age: float | None
    steps: dict[str, float]


def worker_steps(session: Session) -> list[WorkerStep]:
    return list(session.scalars(select(WorkerStep).order_by(WorkerStep.name)))


def figures(session: Session, *, now: datetime) -> Figures:
    """Read all figures."""
    live = Alert.resolved_at.is_(None)
    unanswered = select(func.min(Alert.opened_at)).where(live, Alert.acknowledged_at.is_(None))
    waiting = select(func.min(Mail.created_at)).where(Mail.state.in_([MailState.QUEUED, MailState.SENDING]))
    by_state = session.execute(select(Mail.state, func.count()).group_by(Mail.state)).all()
    model = active_model(session)
    stale = select(func.count()).select_from(Account).where(Account.data_version != Account.scored_version)
    return Figures(
        accounts=session.scalar(select(func.count()).select_from(Account)) or 0,
        accounts_unscored=session.scalar(stale) or 0,
        observations=_observations(session),
        alerts_open=session.scalar(select(func.count()).select_from(Alert).where(live)) or 0,
        alert_unacknowledged_age=_age(session.scalar(unanswered), now),
        mails={state.value: 0 for state in MailState} | {state.value: count for state, count in by_state},
        mail_queue_age=_age(session.scalar(waiting), now),
        model_age=_age(model.trained_at if model else None, now),
        steps={step.name: _age(step.ended_at, now) or 0.0 for step in worker_steps(session) if step.ended_at},
    )


def _age(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else max(0.0, (now - moment).total_seconds())


def _observations(session: Session) -> int:
    """PostgreSQL's own estimate, as counting millions of rows there is slow; the exact number on SQLite."""
    if is_sqlite(session):
        return session.scalar(select(func.count()).select_from(Observation)) or 0
    estimate = text("SELECT sum(greatest(reltuples, 0)) FROM pg_class WHERE oid = CAST('observations' AS regclass)")
    return int(session.scalar(estimate) or 0)
