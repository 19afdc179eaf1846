"""Scores: the risk of each account now, and day by day."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, PrimaryKeyConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

STARTER = "starter"


class Score(Base):
    """The risk of an account as last computed. One row an account; its past is in `ScoreDay`.

    `risk` is in [0, 1]. `rise` is the probability of more complaints than are usual for the account, which alerts are
    ranked by; under the starter score it is the risk. `model` is the version of the trained model, or "starter": then
    neither is a probability. `reasons` is a list of {metric, direction, weight, sentence}, the strongest first;
    `missing` names metrics without a value in the last 28 days; `data_through` is the moment of the newest observation
    read.
    """

    __tablename__ = "scores"
    __table_args__ = (
        CheckConstraint("risk >= 0 AND risk <= 1", name="risk_range"),
        Index("ix_scores_risk", "risk"),
        Index("ix_scores_changed_at", "changed_at"),
    )

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    risk: Mapped[float]
    rise: Mapped[float]
    model: Mapped[str] = mapped_column(String(64))
    reasons: Mapped[list[Any]]
    missing: Mapped[list[str]]
    data_through: Mapped[datetime | None]
    scored_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class ScoreDay(Base):
    """The last risk of an account on a UTC day: narrow, for history and sparklines."""

    __tablename__ = "score_days"
    __table_args__ = (
        PrimaryKeyConstraint("account_id", "day"),
        CheckConstraint("risk >= 0 AND risk <= 1", name="risk_range"),
        {"sqlite_with_rowid": False},
    )

    account_id: Mapped[int]
    day: Mapped[date]
    risk: Mapped[float]
    model: Mapped[str] = mapped_column(String(64))
