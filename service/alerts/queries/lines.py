"""SQL of the alert lines."""

from typing import Any

from sqlalchemy import func, select

from models import ModelStatus, TrainedModel
from service.kit.database import Session


def model_lines(session: Session) -> dict[str, float]:
    """The alert line of every model that speaks or has spoken."""
    return _lines(session, TrainedModel.alert_line)


def quiet_lines(session: Session) -> dict[str, float]:
    """The line of quiet accounts of every model that speaks or has spoken."""
    return _lines(session, func.coalesce(TrainedModel.quiet_line, TrainedModel.alert_line))


def _lines(session: Session, line: Any) -> dict[str, float]:
    spoke = select(TrainedModel.version, line).where(TrainedModel.status != ModelStatus.CANDIDATE)
    return {version: found for version, found in session.execute(spoke)}  # noqa: C416 (rows are no tuples to mypy)
