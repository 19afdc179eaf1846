"""Complaints: the label of the model."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Complaint(Base):
    """The client complained: when, by which channel, how bad, about what."""

    __tablename__ = "complaints"
    __table_args__ = (
        CheckConstraint("severity BETWEEN 1 AND 5", name="severity_range"),
        Index("ix_complaints_account_id_occurred_at", "account_id", "occurred_at"),
        Index("ix_complaints_occurred_at", "occurred_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(String(200), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    occurred_at: Mapped[datetime]
    channel: Mapped[str | None] = mapped_column(String(40))
    severity: Mapped[int | None]
    about: Mapped[str | None] = mapped_column(String(2000))
    received_at: Mapped[datetime]
