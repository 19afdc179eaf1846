"""Score the accounts that are due; promote a model."""

from datetime import datetime, timedelta
from typing import Any

import structlog

from models import ModelStatus, TrainedModel
from service.access import actions as access
from service.kit.database import Database, Session
from service.kit.errors import NotFound
from service.kit.settings import Settings
from service.scoring import queries

log = structlog.get_logger()

RESCORE_AFTER = timedelta(days=1)
BATCH = 500


class ModelNotFound(NotFound):
    """There is no model of that version."""


def score_due(db: Database, settings: Settings, *, now: datetime) -> int:
    """Score the accounts with new data and those last scored a day ago; return how many got a score.

    A step of the worker: each batch reads in one transaction and writes in another, so nothing waits for the
    arithmetic. Two workers may score the same account: the same data gives the same score.
    """
    from service.scoring import scoring_round  # noqa: PLC0415  polars and scikit-learn stay out of the web process

    scored, after = 0, 0
    while True:
        with db.read() as session:
            due = queries.due_accounts(session, now - RESCORE_AFTER, BATCH, after)
            if not due:
                return scored
            found = scoring_round.read(session, settings, [account for account, _ in due], now=now)
        scores = scoring_round.judge(found, now=now)
        with db.begin() as session:
            # What is dated after `now` was not read: such an account stays due.
            read = [(account, version) for account, version in due if account not in found.ahead]
            scored += scoring_round.write(session, scores, read, now=now)
        after = due[-1][0]


def register(
    session: Session, version: str, sha256: str, card: dict[str, Any], line: float, *, by: str, now: datetime
) -> TrainedModel:
    """Enter a trained model whose artefact has been written; it is a candidate until it is promoted."""
    model = TrainedModel(version=version, sha256=sha256, card=card, alert_line=line, trained_at=now)
    session.add(model)
    access.record(session, by, "model.register", version, now=now, sha256=sha256)
    session.flush()
    return model


def promote_verified(session: Session, settings: Settings, version: str, *, by: str, now: datetime) -> TrainedModel:
    """Promote a model after its artefact was read and found sound.

    Raises:
        ModelNotFound: no model has that version.
        ArtifactRefused: its files are missing, changed or unsigned.
    """
    from service.scoring import artifact  # noqa: PLC0415  reading a model needs numpy and skops

    model = queries.model_by_version(session, version)
    if model is not None:
        artifact.load(settings.artifacts_dir, version, model.sha256, settings.signing_key, {})
    return promote(session, version, by=by, now=now)


def promote(session: Session, version: str, *, by: str, now: datetime) -> TrainedModel:
    """Let a trained model speak, and retire the one before. Promoting the active model again changes nothing.

    Raises:
        ModelNotFound: no model has that version.
    """
    model = queries.model_by_version(session, version)
    if model is None:
        raise ModelNotFound(f"No model is called {version!r}; `headsup models` lists them.")
    if model.status == ModelStatus.ACTIVE:
        return model
    before = queries.active_model(session)
    if before is not None:
        before.status, before.retired_at = ModelStatus.RETIRED, now
        session.flush()
    model.status, model.promoted_at, model.retired_at = ModelStatus.ACTIVE, now, None
    access.record(session, by, "model.promote", version, now=now, before=before.version if before else None)
    session.flush()
    return model
