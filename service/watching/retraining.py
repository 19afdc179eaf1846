"""Train anew when the model is old: in a process of its own, one at a time, however many workers there are.

The worker claims the training by a row with a lease and starts `headsup retrain`, which prolongs the lease while it
learns. A trainer that was killed is taken up again by whoever finds the lease ended, a few times; then it counts as
failed and waits a day. Nothing here imports the training: memory and crashes stay in the other process.
"""

import subprocess
import sys
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog

from models import Retraining, RetrainingOutcome
from service.access import actions as access
from service.kit.database import Database, Session
from service.kit.settings import Settings
from service.scoring import queries as scoring
from service.watching import queries, rules

log = structlog.get_logger()

WORKER = "headsup"
# The process that this one started, and the claim that it works under.
STARTED: list[tuple[subprocess.Popen[bytes], UUID]] = []


def retrain(db: Database, settings: Settings, *, now: datetime) -> int:
    """Start a training if one is due; a step of the worker that never waits for it. Return how many were started."""
    _look_after(db, now=now)
    if STARTED:
        return 0
    with db.read() as session:
        due = is_due(session, settings, now=now)
    if not due:
        return 0
    with db.begin() as session:
        token = claim(session, settings, now=now)
    if token is None:
        return 0
    command = [sys.executable, "-m", "service", "--data-dir", str(settings.data_dir), "retrain", "--claim", str(token)]
    # Our own program, with no word of anybody's.
    STARTED.append((subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL), token))  # noqa: S603
    log.info("retraining_started")
    return 1


def is_due(session: Session, settings: Settings, *, now: datetime) -> bool:
    """Whether a training should begin, or one that fell silent be taken up."""
    first, _ = scoring.span(session) if queries.has_complaints(session) else (None, None)
    last, newest = queries.last_retraining(session), queries.newest_model(session)
    return rules.retraining_due(last, newest, first, settings.retrain_every_days, now=now)


def claim(session: Session, settings: Settings, *, now: datetime) -> UUID | None:
    """Take the training that is due; None if another worker has it, or if it was taken up too often."""
    if not is_due(session, settings, now=now):
        return None
    token, last = uuid4(), queries.last_retraining(session)
    row = {"under_way": True, "lease_until": now + rules.LEASE, "lease_token": token}
    if last is None or last.outcome is RetrainingOutcome.DONE:
        begun = row | {"started_at": now, "tries": 1, "detail": ""}
        return token if queries.insert_retraining(session, begun) else None
    mine = queries.lock_retraining(session, last.id)
    if mine is None:
        return None
    if mine.under_way and mine.tries >= rules.MOST_TRIES:
        _end(session, mine, RetrainingOutcome.FAILED, silent(mine.tries), now=now)
        return None
    mine.tries = mine.tries + 1 if mine.under_way else 1
    mine.started_at = mine.started_at if mine.under_way else now
    mine.under_way, mine.lease_until, mine.lease_token, mine.ended_at = True, now + rules.LEASE, token, None
    return token


def silent(tries: int) -> str:
    """What is said of a training that never came to its end."""
    return f"The training ended {tries} times before it was done: look for a lack of memory, and at the log."


def keep(session: Session, token: UUID, *, now: datetime) -> bool:
    """Say that the training goes on; False if somebody else has taken it up."""
    mine = queries.held(session, token)
    if mine is None:
        return False
    mine.lease_until = now + rules.LEASE
    return True


def finish(
    session: Session, token: UUID, outcome: RetrainingOutcome, detail: str, version: str | None = None, *, now: datetime
) -> None:
    """Write down how the training ended. What was said before is not said again."""
    mine = queries.held(session, token)
    if mine is not None:
        _end(session, mine, outcome, detail, version, now=now)


def _end(
    session: Session,
    mine: Retraining,
    outcome: RetrainingOutcome,
    detail: str,
    version: str | None = None,
    *,
    now: datetime,
) -> None:
    news = (mine.outcome, mine.detail) != (outcome, detail[:500])
    mine.under_way, mine.ended_at, mine.outcome = None, now, outcome
    mine.detail, mine.version = detail[:500], version
    if news:
        subject = version or "none"
        access.record(session, WORKER, "model.retrain", subject, now=now, outcome=str(outcome), detail=detail[:500])
        log.info("retraining_ended", outcome=str(outcome), detail=detail)


def _look_after(db: Database, *, now: datetime) -> None:
    """Notice that the process which this one started has ended; one that was killed leaves its claim to the next."""
    for process, token in [*STARTED]:
        if process.poll() is None:
            continue
        STARTED.remove((process, token))
        if process.returncode:
            log.warning("retraining_died", code=process.returncode)
        with db.begin() as session:
            mine = queries.held(session, token)
            if mine is not None:
                mine.lease_until = now - timedelta(seconds=1)
