"""Alerts and their history."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.account import Account
from models.base import Base, BigKey, text_enum

LIVE = text("resolved_at IS NULL")


class AlertStatus(StrEnum):
    """Where an alert stands; derived from its moments, never stored."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


class Resolution(StrEnum):
    """How an alert ended: operations fixed it, the risk went by itself, or it should not have been raised."""

    FIXED = "fixed"
    FADED = "faded"
    WRONG = "wrong"


class WrongReason(StrEnum):
    """Why an alert should not have been raised: what training makes of it depends on this, not on the free text."""

    DATA_ERROR = "data_error"
    KNOWN_CAUSE = "known_cause_no_risk"
    ALREADY_SOLVED = "already_solved"
    CLIENT_NOT_AFFECTED = "client_not_affected"
    OTHER = "other"


class Alert(Base):
    """Operations' attention, asked for one account. At most one is live at a time.

    `reasons`, `model`, `line` and `risk_opened` are frozen when it opens; `risk` follows the account's score, and
    `risk_model` is the model that `risk` comes from (none: still `model`).
    `asked_at` is when operations was last asked to look: when the alert opened or woke. `below_since` is when the
    risk calmed down; it is empty again once the risk is over the line.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        Index("ix_alerts_one_live", "account_id", unique=True, postgresql_where=LIVE, sqlite_where=LIVE),
        Index("ix_alerts_account_id_opened_at", "account_id", "opened_at"),
        Index("ix_alerts_opened_at", "opened_at"),
        CheckConstraint("(resolved_at IS NULL) = (resolution IS NULL)", name="resolved_has_resolution"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    opened_at: Mapped[datetime]
    asked_at: Mapped[datetime]
    risk_opened: Mapped[float]
    risk: Mapped[float]
    risk_model: Mapped[str | None] = mapped_column(String(64))
    line: Mapped[float]
    model: Mapped[str] = mapped_column(String(64))
    reasons: Mapped[list[Any]]
    below_since: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None] = mapped_column(String(254))
    risk_acknowledged: Mapped[float | None]
    assigned_to: Mapped[str | None] = mapped_column(String(254), index=True)
    snoozed_until: Mapped[datetime | None]
    snooze_risk: Mapped[float | None]
    escalated_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None] = mapped_column(String(254))
    resolution: Mapped[Resolution | None] = mapped_column(text_enum(Resolution))
    resolution_note: Mapped[str] = mapped_column(String(2000), default="")
    wrong_reason: Mapped[WrongReason | None] = mapped_column(text_enum(WrongReason))
    version: Mapped[int] = mapped_column(default=1)

    account: Mapped[Account] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def status(self) -> AlertStatus:
        """Where the alert stands. A snooze is lifted by the worker, so `snoozed_until` alone tells."""
        if self.resolved_at:
            return AlertStatus.RESOLVED
        if self.snoozed_until or self.snooze_risk is not None:
            return AlertStatus.SNOOZED
        return AlertStatus.ACKNOWLEDGED if self.acknowledged_at else AlertStatus.OPEN


class AlertEvent(Base):
    """One thing that happened to an alert: who, when, what. Rows are only ever added."""

    __tablename__ = "alert_events"
    __table_args__ = (Index("ix_alert_events_alert_id", "alert_id", "id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    alert_id: Mapped[UUID] = mapped_column(ForeignKey("alerts.id"))
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(254))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)


HELD = text("held AND ended_at IS NULL")


class HoldoutDraw(Base):
    """A lot drawn for an account that deserved an alert: `held` back from it in silence, or alerted as usual.

    Both kinds are kept, since only accounts that took part in a draw can be compared. `until` is the end of the
    horizon, over which both are judged. A held one is silent until `ended_at`: the end of the horizon, or earlier.
    """

    __tablename__ = "holdout_draws"
    __table_args__ = (
        UniqueConstraint("account_id", "week"),
        Index("ix_holdout_draws_one_held", "account_id", unique=True, postgresql_where=HELD, sqlite_where=HELD),
        Index("ix_holdout_draws_drawn_at", "drawn_at"),
        CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", name="ended_has_reason"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    week: Mapped[str] = mapped_column(String(8))
    drawn_at: Mapped[datetime]
    held: Mapped[bool]
    share: Mapped[float]
    risk: Mapped[float]
    line: Mapped[float]
    model: Mapped[str] = mapped_column(String(64))
    until: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None] = mapped_column(String(200))
