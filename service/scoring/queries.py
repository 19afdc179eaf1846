"""SQL of models, scores and the history that features are made from."""

from sqlalchemy import select

from models import ModelStatus, TrainedModel
from service.kit.database import Session
from service.scoring.rules import STARTER_LINE


def active_model(session: Session) -> TrainedModel | None:
    """The model that speaks; None while the starter score does."""
    return session.scalar(select(TrainedModel).where(TrainedModel.status == ModelStatus.ACTIVE))


def alert_line(session: Session) -> float:
    """The risk at which operations is asked to look: the active model's, or the starter score's."""
    model = active_model(session)
    return model.alert_line if model else STARTER_LINE
