"""The scheduled training, in the process that the worker starts for it."""

import os
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Annotated
from uuid import UUID

import structlog
import typer

from models import RetrainingOutcome
from service.commands import door
from service.kit.clock import SystemClock
from service.kit.database import Database
from service.kit.errors import HeadsupError
from service.kit.settings import Settings
from service.scoring import actions
from service.watching import retraining
from training import backtest, training
from training.window import Asked

log = structlog.get_logger()

BY = "headsup retrain"
NICE = 10
RENEW_SECONDS = 20


def retrain(claim: Annotated[UUID, typer.Option(help="The claim under which the worker asked for it.")]) -> None:
    """Train a candidate as the schedule asks for it. The worker starts this; people take `headsup train`."""
    os.nice(NICE)
    settings = door.load_settings()
    with closing(door.open_db(settings)) as db, _held(db, claim):
        try:
            outcome, detail, version = RetrainingOutcome.DONE, "", _trained(db, settings)
        except HeadsupError as refusal:
            outcome, detail, version = RetrainingOutcome.REFUSED, str(refusal), None
        except Exception as error:
            log.exception("retraining_failed")
            outcome, detail, version = RetrainingOutcome.FAILED, f"{type(error).__name__}: see the worker's log.", None
        with db.begin() as session:
            retraining.finish(session, claim, outcome, detail, version, now=SystemClock().now())


def _trained(db: Database, settings: Settings) -> str:
    now = SystemClock().now()
    with db.read() as session:
        material = backtest.collect(session, Asked(), settings.horizon_days, now=now, progress=_quiet)
    made = training.train(material, settings, seed=0, now=now, progress=_quiet)
    with db.begin() as session:
        actions.register(session, made.version, made.sha256, made.card, made.line, by=BY, now=now)
    return made.version


def _quiet(_name: str, _done: int, _of: int) -> None:
    pass


@contextmanager
def _held(db: Database, claim: UUID) -> Iterator[None]:
    """Prolong the claim while the block runs; a trainer whose claim was taken over ends at once.

    Raises:
        typer.Exit: the claim is not there any more.
    """
    if not _kept(db, claim):
        door.notes.print("This training was taken up by somebody else.")
        raise typer.Exit(door.FAILED)
    stop = threading.Event()
    renewing = threading.Thread(target=_renew, args=(db, claim, stop), daemon=True)
    renewing.start()
    yield
    stop.set()
    renewing.join()


def _renew(db: Database, claim: UUID, stop: threading.Event) -> None:
    while not stop.wait(RENEW_SECONDS):
        try:
            kept = _kept(db, claim)
        except Exception:
            # The database may be back before the lease ends.
            log.exception("claim_not_prolonged")
            continue
        if not kept:
            log.warning("retraining_taken_over")
            os._exit(door.FAILED)


def _kept(db: Database, claim: UUID) -> bool:
    with db.begin() as session:
        return retraining.keep(session, claim, now=SystemClock().now())
