"""Who changed what, what was erased, and how the worker is doing."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigKey


class AuditEntry(Base):
    """One change of state: who, when, what. Written in the change's own transaction; only ever added.

    `hash` covers the line and the hash of the line before: a line that is changed, moved or taken out breaks the chain.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_at", "at"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(254))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(254))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """The end of the audit log's chain, one row: who adds a line holds it, so that lines stand in one order."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_id: Mapped[int] = mapped_column(BigKey)
    entries: Mapped[int] = mapped_column(BigKey)
    hash: Mapped[str] = mapped_column(String(64))


class Erasure(Base):
    """A line of the erasure ledger that was applied to this database. A restored backup lacks the newest."""

    __tablename__ = "erasures"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    applied_at: Mapped[datetime]


class WorkerStep(Base):
    """When each step of the worker last ended well, and its last error: readiness and the console ask here."""

    __tablename__ = "worker_steps"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    ended_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(500))
    note: Mapped[dict[str, Any]] = mapped_column(default=dict)
