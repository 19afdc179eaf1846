"""What the worker and people do about the models."""

from datetime import datetime

from models import ModelStatus, TrainedModel
from service.kit.database import Database, Session
from service.kit.errors import Conflict
from service.kit.settings import Settings
from service.scoring import actions as scoring
from service.scoring import queries


class NothingBefore(Conflict):
    """There is no model to go back to."""


def watch(db: Database, settings: Settings, *, now: datetime) -> int:
    """Do the day's round of watching, once a day; a step of the worker. Return how much was done."""
    from service.watching import daily  # noqa: PLC0415  polars and scikit-learn stay out of the web process

    return daily.run(db, settings, now=now)


def roll_back(session: Session, settings: Settings, *, by: str, now: datetime) -> tuple[TrainedModel, TrainedModel]:
    """Let the model that spoke before the active one speak again; return it and the one that it follows.

    Raises:
        NothingBefore: no model spoke before.
        ArtifactRefused: its files are missing, changed or unsigned.
    """
    active, former = queries.active_model(session), spoke_last(session)
    if active is None or former is None:
        raise NothingBefore("No model spoke before the active one; `headsup models` lists what there is.")
    scoring.promote_verified(session, settings, former.version, by=by, now=now)
    return former, active


def spoke_last(session: Session) -> TrainedModel | None:
    """The model that was retired last, of those that ever spoke."""
    retired = [
        (model.retired_at, model)
        for model in queries.trained_models(session)
        if model.status == ModelStatus.RETIRED and model.promoted_at is not None and model.retired_at is not None
    ]
    return max(retired, key=lambda pair: pair[0])[1] if retired else None
