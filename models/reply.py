"""What comes back: replies of reps, bounces, and what reps chose about their mails."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.account import Rep
from models.alert import Alert
from models.base import Base, text_enum


class InboundKind(StrEnum):
    """What a mail that came in was.

    Somebody's words, a machine's answer, news that a mail of ours did not arrive or was called spam, nothing that
    belongs to a mail of ours, or nothing that can be read.
    """

    REPLY = "reply"
    AUTOMATIC = "automatic"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    FOREIGN = "foreign"
    UNREADABLE = "unreadable"


class InboundMail(Base):
    """A mail that came in, and what was made of it; its content is not kept.

    `key` is the hash of its Message-ID: it counts once, whoever brings it how often.
    """

    __tablename__ = "inbound_mails"
    __table_args__ = (Index("ix_inbound_mails_received_at", "received_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[InboundKind] = mapped_column(text_enum(InboundKind))
    why: Mapped[str] = mapped_column(String(300))
    received_at: Mapped[datetime]
    mail_id: Mapped[UUID | None] = mapped_column(ForeignKey("mails.id", ondelete="SET NULL"), index=True)
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(254))


OPEN = text("closed_at IS NULL")


class Reply(Base):
    """What somebody answered to a mail of ours, without what was quoted. `attachments` are names; they are not kept.

    It waits for operations until somebody closes or answers it, or writes an update of its alert after it came.
    `answer` is what operations wrote back, by `closed_by`.
    """

    __tablename__ = "replies"
    __table_args__ = (
        Index("ix_replies_open", "received_at", postgresql_where=OPEN, sqlite_where=OPEN),
        CheckConstraint("(closed_at IS NULL) = (closed_by IS NULL)", name="closed_by_somebody"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    alert_id: Mapped[UUID | None] = mapped_column(ForeignKey("alerts.id"), index=True)
    mail_id: Mapped[UUID | None] = mapped_column(ForeignKey("mails.id", ondelete="SET NULL"), index=True)
    rep_id: Mapped[int | None] = mapped_column(ForeignKey("reps.id"), index=True)
    subject: Mapped[str] = mapped_column(String(500))
    sender: Mapped[str] = mapped_column(String(254))
    body: Mapped[str] = mapped_column(String(20_000))
    attachments: Mapped[list[str]]
    received_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(254))
    answer: Mapped[str | None] = mapped_column(String(2000))

    alert: Mapped[Alert | None] = relationship(lazy="raise_on_sql")
    rep: Mapped[Rep | None] = relationship(lazy="raise_on_sql")


class StopReason(StrEnum):
    """Why no mail goes to an address: it does not exist, it failed again and again, or its owner called us spam."""

    HARD = "hard"
    SOFT = "soft"
    COMPLAINT = "complaint"


class Address(Base):
    """What came back from an address that mails go to. While `stopped_at` is set, none do."""

    __tablename__ = "addresses"
    __table_args__ = (CheckConstraint("(stopped_at IS NULL) = (stopped_why IS NULL)", name="stopped_has_reason"),)

    address: Mapped[str] = mapped_column(String(254), primary_key=True)
    bounces: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(20))
    said: Mapped[str] = mapped_column(String(300))
    stopped_at: Mapped[datetime | None]
    stopped_why: Mapped[StopReason | None] = mapped_column(text_enum(StopReason))


class MailChoice(Base):
    """What a rep chose by the links of a mail: no mails until a moment, no digests any more."""

    __tablename__ = "mail_choices"

    rep_id: Mapped[int] = mapped_column(ForeignKey("reps.id"), primary_key=True, autoincrement=False)
    paused_until: Mapped[datetime | None]
    digests_ended_at: Mapped[datetime | None]
