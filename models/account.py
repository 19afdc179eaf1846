"""Accounts and their reps."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base

STALE = text("data_version <> scored_version")


class Rep(Base):
    """The salesperson of an account. Never logs in; gets mail.

    What is empty is as the settings have it. `work_days` are digits, 1 is Monday. `quiet_hours` are wall times like
    "20:00-07:00". `holidays` is a country or a part of one, like "DE" or "DE-BY". `digest_day` is 1 for Monday, 0 for
    no weekly mail.
    """

    __tablename__ = "reps"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    manager_email: Mapped[str | None] = mapped_column(String(254))
    work_days: Mapped[str | None] = mapped_column(String(7))
    quiet_hours: Mapped[str | None] = mapped_column(String(11))
    holidays: Mapped[str | None] = mapped_column(String(10))
    digest_day: Mapped[int | None]
    digest_hour: Mapped[int | None]
    created_at: Mapped[datetime]


class Account(Base):
    """A client that we deliver to.

    `data_version` counts the ingests that touched the account; `scored_version` is the count that the last score
    had read. They differ while the account waits to be scored, whatever the clocks say.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint("value >= 0", name="value_not_negative"),
        Index("ix_accounts_stale", "id", postgresql_where=STALE, sqlite_where=STALE),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    rep_id: Mapped[int | None] = mapped_column(ForeignKey("reps.id"), index=True)
    owner_email: Mapped[str | None] = mapped_column(String(254))
    value: Mapped[float | None]
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    started_on: Mapped[date | None]
    segment: Mapped[str | None] = mapped_column(String(100), index=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    data_version: Mapped[int] = mapped_column(default=0, server_default="0")
    scored_version: Mapped[int] = mapped_column(default=0, server_default="0")

    rep: Mapped[Rep | None] = relationship(lazy="raise_on_sql")
