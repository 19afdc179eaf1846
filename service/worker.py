"""The worker: one round of what is due, and the loop."""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import structlog

from models import WorkerStep
from service.alerts import actions as alerts
from service.commitments import actions as commitments
from service.health import rehearsal
from service.keeping import actions as keeping
from service.kit.clock import Clock, SetClock
from service.kit.database import Database
from service.kit.errors import HeadsupError, describe
from service.kit.settings import Settings
from service.replies import inbox, receipts
from service.scoring import actions as scoring
from service.updates import notices, promises, storms, tell, unreached, weekly
from service.updates import send as mail
from service.updates import steps as updates
from service.watching import actions as watching
from service.watching import notices as model_notices
from service.watching import retraining

log = structlog.get_logger()


class Step(Protocol):
    """Does what is due in its own transactions and returns how much. Several workers may run it at once."""

    def __call__(self, db: Database, settings: Settings, /, *, now: datetime) -> int: ...


def _review(db: Database, settings: Settings, *, now: datetime) -> int:
    with db.begin() as session:
        done = alerts.review(session, settings, now=now)
    return len(done.opened) + done.faded + done.woken


def _escalate(db: Database, settings: Settings, *, now: datetime) -> int:
    with db.begin() as session:
        return len(alerts.escalate(session, settings, now=now))


Steps = tuple[tuple[str, Step], ...]

STEPS: Steps = (
    ("guard", model_notices.guard),
    ("score", scoring.score_due),
    ("review", _review),
    ("escalate", _escalate),
    ("promises", commitments.review),
    ("plain", updates.tell_plainly),
    ("late", updates.raise_late),
    ("ended", updates.tell_ends),
    ("unreached", unreached.tell),
    ("remind", updates.remind),
    ("storms", storms.watch),
    ("compose", tell.compose),
    ("risked", promises.compose),
    ("weekly", weekly.compose),
    ("watch", watching.watch),
    ("keep", keeping.keep),
    ("notices", notices.compose),
    ("send", mail.send),
    ("read", inbox.read),
    ("receipts", receipts.compose),
)
REHEARSING: Steps = (("rehearse", rehearsal.rehearse),)
BESIDE: Steps = (("retrain", retraining.retrain),)
"""What belongs to a running worker only: it starts a process, which lives by the machine's clock."""


MAILING = frozenset({"remind", "storms", "compose", "risked", "weekly", "notices", "send"})
"""The steps that can be slow for reasons of others: a mail relay may take minutes."""
READING = frozenset({"read", "receipts"})
"""The steps that wait for a mailbox."""
WATCHING = frozenset({"watch", "keep"})
"""The steps that take long once a day."""
LAST_SECONDS = 5
READ_SECONDS = 30
"""The pause between two looks at the mailbox: its server is somebody else's."""


def tick(db: Database, settings: Settings, *, now: datetime) -> dict[str, int]:
    """Run every step once, as of `now`; return how much each did. A step that fails counts 0 and stops no other."""
    return _round(STEPS, db, settings, SetClock(now), threading.Event())


def run(db: Database, settings: Settings, clock: Clock, stop: threading.Event) -> None:
    """Run rounds until told to stop; that is seen between two steps.

    Mail goes in a loop of its own, and so does watching, so that neither a slow relay nor the daily look at the model
    delays a score or an alert. One that is being handed over when the end comes is waited for briefly; after that its
    lease ends and the next worker sends it. A round of watching that is cut short is done again.
    """
    log.info("worker_started", pause_seconds=settings.worker_seconds)
    loops = {
        "mailer": _those(MAILING),
        "reader": _those(READING),
        "watcher": (*_those(WATCHING), *BESIDE),
        "rehearser": REHEARSING,
    }
    others = tuple(step for step in STEPS if step[0] not in MAILING | READING | WATCHING)
    beside = {
        name: threading.Thread(target=_loop, args=(steps, db, settings, clock, stop), name=name, daemon=True)
        for name, steps in loops.items()
    }
    for thread in beside.values():
        thread.start()
    _loop(others, db, settings, clock, stop)
    deadline = time.monotonic() + LAST_SECONDS
    for thread in beside.values():
        thread.join(max(0.0, deadline - time.monotonic()))
    log.info("worker_stopped")


def _those(names: frozenset[str]) -> Steps:
    return tuple(step for step in STEPS if step[0] in names)


def _loop(steps: Steps, db: Database, settings: Settings, clock: Clock, stop: threading.Event) -> None:
    pause = max(settings.worker_seconds, READ_SECONDS if steps == _those(READING) else 0)
    while not stop.is_set():
        _round(steps, db, settings, clock, stop)
        stop.wait(pause)


def _round(steps: Steps, db: Database, settings: Settings, clock: Clock, stop: threading.Event) -> dict[str, int]:
    done: dict[str, int] = {}
    for name, step in steps:
        if stop.is_set():
            break
        done[name] = _guarded(name, step, db, settings, clock)
    return done


def _guarded(name: str, step: Step, db: Database, settings: Settings, clock: Clock) -> int:
    """Run a step and write down how it went. Nothing that it raises may end the worker."""
    started = clock.now()
    try:
        done = step(db, settings, now=started)
        _write(db, name, lambda row: _well(row, done, clock.now()))
    except HeadsupError as trouble:
        # The step came to its end and says what keeps it from doing its work: a mail relay that is down, for one.
        # That is for people to see, and no reason to call the whole service unfit.
        text = str(trouble)
        log.warning("worker_step_troubled", step=name, trouble=text)
        _try_to_write(db, name, lambda row: _troubled(row, text, started, clock.now()))
        return 0
    except Exception as error:
        text = describe(error)
        log.exception("worker_step_failed", step=name)
        _try_to_write(db, name, lambda row: _troubled(row, text, row.ended_at, clock.now()))
        return 0
    if done:
        log.info("worker_step", step=name, done=done)
    return done


def _well(row: WorkerStep, done: int, now: datetime) -> None:
    # The last error stays to be read; it is over because it is older.
    row.ended_at, row.note = now, {"done": done}


def _troubled(row: WorkerStep, text: str, ended_at: datetime | None, now: datetime) -> None:
    row.ended_at, row.failed_at, row.error = ended_at, now, text[:500]


def _write(db: Database, name: str, change: Callable[[WorkerStep], None]) -> None:
    with db.begin() as session:
        row = session.get(WorkerStep, name) or WorkerStep(name=name)
        change(row)
        session.add(row)


def _try_to_write(db: Database, name: str, change: Callable[[WorkerStep], None]) -> None:
    try:
        _write(db, name, change)
    except Exception:
        # The database is away: the log has it, and the next round tries again.
        log.exception("worker_note_failed", step=name)
