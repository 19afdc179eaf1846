"""Metrics and their observations."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, Integer, PrimaryKeyConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, text_enum


class Better(StrEnum):
    """Which direction of a metric is good for the client."""

    LOWER = "lower"
    HIGHER = "higher"
    NEUTRAL = "neutral"


class Combine(StrEnum):
    """How the values of one day become the value of that day."""

    SUM = "sum"
    MEAN = "mean"
    LAST = "last"


class Metric(Base):
    """What is measured. `better` is empty until somebody says it: such a metric is stored and not scored."""

    __tablename__ = "metrics"

    id: Mapped[int] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(String(100), unique=True)
    label: Mapped[str] = mapped_column(String(200))
    unit: Mapped[str] = mapped_column(String(40), default="")
    better: Mapped[Better | None] = mapped_column(text_enum(Better))
    target: Mapped[float | None]
    combine: Mapped[Combine] = mapped_column(text_enum(Combine), default=Combine.MEAN)
    exposure: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Observation(Base):
    """One value of a metric for an account at a time, optionally about one item (an order, a ticket).

    The table that grows. The key is the whole identity, so a re-send overwrites; it starts with account and time, so
    "this account's last 120 days" is one range; it holds the time, so PostgreSQL can partition by it; and nothing
    refers to a row. `item_id` is empty, not null, where no item is meant: nulls would not be unique.
    """

    __tablename__ = "observations"
    __table_args__ = (
        PrimaryKeyConstraint("account_id", "observed_at", "metric_id", "item_id"),
        CheckConstraint("value > -1e300 AND value < 1e300", name="value_finite"),
        Index("ix_observations_observed_at", "observed_at"),
        {"sqlite_with_rowid": False},
    )

    account_id: Mapped[int] = mapped_column(Integer)
    observed_at: Mapped[datetime]
    metric_id: Mapped[int] = mapped_column(Integer)
    item_id: Mapped[str] = mapped_column(String(200), default="")
    value: Mapped[float]


class IngestKey(Base):
    """An `Idempotency-Key` and the answer it got, so that a repeated request is answered and not done again."""

    __tablename__ = "ingest_keys"
    __table_args__ = (PrimaryKeyConstraint("api_key_id", "key"),)

    api_key_id: Mapped[int]
    key: Mapped[str] = mapped_column(String(255))
    body_sha256: Mapped[str] = mapped_column(String(64))
    answer: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)
