"""SQL of readiness and of the figures for Prometheus."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, text

from models import Account, Alert, Mail, MailState, Observation, Score, WorkerStep
from service.health.rules import EVERY, REHEARSAL
from service.kit.database import Session
from service.kit.sql import insert_missing, is_sqlite
from service.scoring.queries import active_model
from service.updates.queries import told
from service.watching.queries import figures as model_figures


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
    rehearsal_age: float | None
    standing_still: int
    disk_free: int
    model: dict[str, float]


def worker_steps(session: Session) -> list[WorkerStep]:
    return list(session.scalars(select(WorkerStep).order_by(WorkerStep.name)))


def overdue(session: Session, *, plain_after: timedelta, now: datetime) -> dict[str, int]:
    """By stage, how much should have moved on twice since the last look and has not."""
    limit = now - 2 * EVERY
    free = or_(Mail.lease_until.is_(None), Mail.lease_until < limit)
    waiting = select(func.count()).where(
        Mail.state.in_([MailState.QUEUED, MailState.SENDING]), Mail.next_at < limit, free
    )
    return {
        "send": session.scalar(waiting) or 0,
        "plain": len(told.silent_alerts(session, opened_before=limit - plain_after)),
    }


def claim_rehearsal(session: Session, *, now: datetime, every: timedelta) -> bool:
    """Take the next rehearsal; False if one began less than `every` ago, in whichever worker."""
    insert_missing(session, WorkerStep, [{"name": REHEARSAL, "note": {}}])
    row = session.get(WorkerStep, REHEARSAL, with_for_update=True, populate_existing=True)
    assert row is not None
    begun = row.note.get("begun")
    if begun and datetime.fromisoformat(begun) > now - every:
        return False
    row.note = {"begun": now.isoformat()}
    return True


def note_rehearsal(session: Session, *, now: datetime, trouble: str | None) -> None:
    """Write down how it went. An error stands until a rehearsal comes through."""
    row = session.get(WorkerStep, REHEARSAL)
    assert row is not None
    if trouble is None:
        row.ended_at, row.error = now, None
    else:
        row.failed_at, row.error = now, trouble[:500]


def observations_of(session: Session, account_id: int) -> int:
    return session.scalar(select(func.count()).where(Observation.account_id == account_id)) or 0


def score_of(session: Session, account_id: int) -> Score | None:
    return session.get(Score, account_id)


def content_of(session: Session, update_id: UUID) -> bytes | None:
    """The mail that carries an update, as it goes out."""
    return session.scalar(select(Mail.content).where(Mail.update_id == update_id))


def figures(session: Session, *, standing_still: int, disk_free: int, now: datetime) -> Figures:
    """Read all figures."""
    live = Alert.resolved_at.is_(None)
    unanswered = select(func.min(Alert.opened_at)).where(live, Alert.acknowledged_at.is_(None))
    waiting = select(func.min(Mail.created_at)).where(Mail.state.in_([MailState.QUEUED, MailState.SENDING]))
    by_state = session.execute(select(Mail.state, func.count()).group_by(Mail.state)).all()
    model = active_model(session)
    stale = select(func.count()).select_from(Account).where(Account.data_version != Account.scored_version)
    steps = {step.name: step.ended_at for step in worker_steps(session) if step.ended_at}
    return Figures(
        accounts=session.scalar(select(func.count()).select_from(Account)) or 0,
        accounts_unscored=session.scalar(stale) or 0,
        observations=_observations(session),
        alerts_open=session.scalar(select(func.count()).select_from(Alert).where(live)) or 0,
        alert_unacknowledged_age=_age(session.scalar(unanswered), now),
        mails={state.value: 0 for state in MailState} | {state.value: count for state, count in by_state},
        mail_queue_age=_age(session.scalar(waiting), now),
        model_age=_age(model.trained_at if model else None, now),
        steps={name: _age(ended_at, now) or 0.0 for name, ended_at in steps.items() if name != REHEARSAL},
        rehearsal_age=_age(steps.get(REHEARSAL), now),
        standing_still=standing_still,
        disk_free=disk_free,
        model=model_figures(session),
    )


def _age(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else max(0.0, (now - moment).total_seconds())


def _observations(session: Session) -> int:
    """PostgreSQL's own estimate, as counting millions of rows there is slow; the exact number on SQLite."""
    if is_sqlite(session):
        return session.scalar(select(func.count()).select_from(Observation)) or 0
    estimate = text("SELECT sum(greatest(reltuples, 0)) FROM pg_class WHERE oid = CAST('observations' AS regclass)")
    return int(session.scalar(estimate) or 0)
