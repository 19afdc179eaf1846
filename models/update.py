"""Updates: what operations tells the rep; and the mails that carry them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.alert import Alert
from models.base import Base, text_enum


class UpdateKind(StrEnum):
    """Who speaks: operations in its own words, the plain heads-up when operations is silent, or the ending."""

    WRITTEN = "written"
    PLAIN = "plain"
    RESOLVED = "resolved"


class Update(Base):
    """What the rep is told about an alert. One that operations writes states cause, owner, fix and the next time.

    `risk` is the alert's when it was written, in [0, 1]; None for updates of earlier versions. One that is `urgent`
    waits for nothing. `tries` counts how often a mail of it was begun to be composed, `retry_at` says when to try next.
    """

    __tablename__ = "updates"
    __table_args__ = (
        CheckConstraint(
            "kind <> 'written' OR (cause <> '' AND owner <> '' AND fix <> '' AND next_update_at IS NOT NULL)",
            name="written_is_whole",
        ),
        Index("ix_updates_alert_id_written_at", "alert_id", "written_at"),
        Index("ix_updates_next_update_at", "next_update_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    alert_id: Mapped[UUID] = mapped_column(ForeignKey("alerts.id"))
    kind: Mapped[UpdateKind] = mapped_column(text_enum(UpdateKind))
    written_at: Mapped[datetime]
    written_by: Mapped[str] = mapped_column(String(254))
    cause: Mapped[str] = mapped_column(String(2000), default="")
    owner: Mapped[str] = mapped_column(String(254), default="")
    fix: Mapped[str] = mapped_column(String(2000), default="")
    say: Mapped[str] = mapped_column(String(2000), default="")
    next_update_at: Mapped[datetime | None]
    late_raised_at: Mapped[datetime | None]
    urgent: Mapped[bool] = mapped_column(default=False, server_default=false())
    risk: Mapped[float | None]
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    retry_at: Mapped[datetime | None]

    alert: Mapped[Alert] = relationship(lazy="raise_on_sql")


class MailKind(StrEnum):
    """What a mail is about. A heads-up tells updates: of one alert or of several, first words, news or the end."""

    HEADS_UP = "heads_up"
    DIGEST = "digest"
    MANAGER = "manager"
    COMMITMENT = "commitment"
    RECEIPT = "receipt"
    ESCALATION = "escalation"
    LATE_UPDATE = "late_update"
    MODEL = "model"
    STORM = "storm"
    TEMPLATE = "template"


class MailState(StrEnum):
    """Where a mail stands. `parked` and `suppressed` are for people to look at; nothing is thrown away."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    PARKED = "parked"
    SUPPRESSED = "suppressed"


DUE = text("state IN ('queued', 'sending')")


class Mail(Base):
    """One message to one person, frozen when it is composed: every try sends the same bytes.

    `dedupe_key` says what the mail is about, so that two workers cannot say it twice. A worker that sends holds the
    mail by `lease_token` until `lease_until`; whoever finds the lease ended may take it over. `attempts` counts how
    often it was taken, `deaths` how often whoever took it never came back.

    `update_id` is the newest update that it tells, and `alert_id` its alert; all that it tells are `Telling`s.
    """

    __tablename__ = "mails"
    __table_args__ = (
        Index("ix_mails_due", "next_at", postgresql_where=DUE, sqlite_where=DUE),
        Index("ix_mails_created_at", "created_at"),
        Index("ix_mails_state_created_at", "state", "created_at"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_has_moment"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kind: Mapped[MailKind] = mapped_column(text_enum(MailKind))
    dedupe_key: Mapped[str] = mapped_column(String(200), unique=True)
    update_id: Mapped[UUID | None] = mapped_column(ForeignKey("updates.id"), unique=True)
    alert_id: Mapped[UUID | None] = mapped_column(ForeignKey("alerts.id"), index=True)
    rep_id: Mapped[int | None] = mapped_column(ForeignKey("reps.id"), index=True)
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(500))
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[MailState] = mapped_column(text_enum(MailState), default=MailState.QUEUED)
    created_at: Mapped[datetime]
    next_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    deaths: Mapped[int] = mapped_column(default=0, server_default="0")
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[UUID | None]
    last_error: Mapped[str | None] = mapped_column(String(500))
    sent_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]

    update: Mapped[Update | None] = relationship(lazy="raise_on_sql")


class Telling(Base):
    """An update is told by one mail and no other; or by none, for a reason. Without a row it is still to be told."""

    __tablename__ = "tellings"

    update_id: Mapped[UUID] = mapped_column(ForeignKey("updates.id"), primary_key=True)
    mail_id: Mapped[UUID | None] = mapped_column(ForeignKey("mails.id", ondelete="SET NULL"), index=True)
    reason: Mapped[str] = mapped_column(String(500), default="", server_default="")


class HoldKind(StrEnum):
    """What waits: every mail, until somebody releases it; or the reps' alone, while a storm is looked at."""

    ALL = "all"
    STORM = "storm"


HELD = text("released_at IS NULL")


class Hold(Base):
    """The outbox held back, by whom and why. One of a kind at a time; one with `until` ends by itself."""

    __tablename__ = "holds"
    __table_args__ = (
        Index("ix_holds_one_open", "kind", unique=True, postgresql_where=HELD, sqlite_where=HELD),
        Index("ix_holds_held_at", "held_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kind: Mapped[HoldKind] = mapped_column(text_enum(HoldKind))
    reason: Mapped[str] = mapped_column(String(500))
    held_at: Mapped[datetime]
    held_by: Mapped[str] = mapped_column(String(254))
    until: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    released_by: Mapped[str | None] = mapped_column(String(254))
