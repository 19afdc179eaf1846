"""Commitments: what clients were promised. News: what reps may tell them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.account import Account
from models.base import Base, text_enum
from models.metric import Metric


class CommitmentState(StrEnum):
    """How a promise stands. Whether an open one is at risk is another question."""

    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"
    CANCELLED = "cancelled"


class Danger(StrEnum):
    """Why a promise may not be kept: its metric misses the target, its day has passed, or an alert is live."""

    OFF_TARGET = "off_target"
    OVERDUE = "overdue"
    ALERT = "alert"


OPEN = text("state = 'open'")


class Commitment(Base):
    """A promise to a client, due on a day of the client's calendar.

    One with a metric is held against `target`, in the metric's unit. `dominoes` are the client's own promises that hang
    on it: `{"what": …, "on": a day or null}`.

    `at_risk_since` is when the present or last episode of risk began, and `danger` why; `calm_since` is when it ended,
    None while it lasts. `off_days` of `days` measured days missed the target, the last of them with `measured`.
    `mail_id` is the mail that told the rep of the episode; until there is one, `tries` counts how often it was begun to
    be composed, and `retry_at` says when to try next. `looked_at` is when the worker last looked.
    """

    __tablename__ = "commitments"
    __table_args__ = (
        Index("ix_commitments_open_due", "due", postgresql_where=OPEN, sqlite_where=OPEN),
        CheckConstraint("(metric_id IS NULL) = (target IS NULL)", name="metric_has_target"),
        CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed_has_moment"),
        CheckConstraint("(closed_at IS NULL) = (closed_by IS NULL)", name="closed_by_somebody"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    external_id: Mapped[str | None] = mapped_column(String(200), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    promise: Mapped[str] = mapped_column(String(500))
    due: Mapped[date]
    metric_id: Mapped[int | None] = mapped_column(ForeignKey("metrics.id"))
    target: Mapped[float | None]
    dominoes: Mapped[list[Any]] = mapped_column(default=list)
    state: Mapped[CommitmentState] = mapped_column(text_enum(CommitmentState), default=CommitmentState.OPEN)
    made_by: Mapped[str] = mapped_column(String(254))
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(254))
    looked_at: Mapped[datetime | None]
    at_risk_since: Mapped[datetime | None]
    calm_since: Mapped[datetime | None]
    danger: Mapped[Danger | None] = mapped_column(text_enum(Danger))
    off_days: Mapped[int | None]
    days: Mapped[int | None]
    measured: Mapped[float | None]
    mail_id: Mapped[UUID | None] = mapped_column(ForeignKey("mails.id", ondelete="SET NULL"), index=True)
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    retry_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(lazy="raise_on_sql")
    metric: Mapped[Metric | None] = relationship(lazy="raise_on_sql")

    @property
    def at_risk(self) -> bool:
        return self.state is CommitmentState.OPEN and self.at_risk_since is not None and self.calm_since is None


class NewsLine(Base):
    """What is new, for reps to tell clients: from a day until another, to clients of a segment or to all."""

    __tablename__ = "news_lines"
    __table_args__ = (
        Index("ix_news_lines_until_day", "until_day"),
        CheckConstraint("until_day >= from_day", name="ends_after_it_begins"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    text: Mapped[str] = mapped_column(String(300))
    from_day: Mapped[date]
    until_day: Mapped[date]
    segment: Mapped[str | None] = mapped_column(String(100))
    made_by: Mapped[str] = mapped_column(String(254))
    created_at: Mapped[datetime]
