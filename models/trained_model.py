"""Trained models: which exist, which one speaks, and how its alert line was chosen."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, text_enum

ACTIVE = text("status = 'active'")


class ModelStatus(StrEnum):
    """A model is trained as a candidate, becomes the active one, and is retired."""

    CANDIDATE = "candidate"
    ACTIVE = "active"
    RETIRED = "retired"


class LineKind(StrEnum):
    """How an alert line is chosen: alerts a day, wasted looks that a missed complaint is worth, or a risk."""

    BUDGET = "budget"
    PRICE = "price"
    FIXED = "fixed"


class TrainedModel(Base):
    """A trained version: its artefact's hash and its card. At most one is active.

    `line_kind` and `line_value` say what somebody chose, when and who; they are empty while the setting
    `alerts_per_day` decides. `line_alerts_per_day` is what the line raises on the model's validation weeks, None where
    its card does not tell. `quiet_line` is the line of accounts without a complaint for four weeks; None: the same.
    """

    __tablename__ = "trained_models"
    __table_args__ = (
        Index("ix_trained_models_one_active", "status", unique=True, postgresql_where=ACTIVE, sqlite_where=ACTIVE),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(String(64), unique=True)
    status: Mapped[ModelStatus] = mapped_column(text_enum(ModelStatus), default=ModelStatus.CANDIDATE)
    sha256: Mapped[str] = mapped_column(String(64))
    card: Mapped[dict[str, Any]]
    alert_line: Mapped[float]
    quiet_line: Mapped[float | None]
    trained_at: Mapped[datetime]
    promoted_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    line_kind: Mapped[LineKind | None] = mapped_column(text_enum(LineKind))
    line_value: Mapped[float | None]
    line_chosen_at: Mapped[datetime | None]
    line_chosen_by: Mapped[str | None] = mapped_column(String(254))
    line_alerts_per_day: Mapped[float | None]
