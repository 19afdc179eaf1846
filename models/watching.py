"""How models do: what was seen each day, what was lived once the outcomes are known, and what follows from it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, PrimaryKeyConstraint, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, text_enum

OPEN = text("closed_at IS NULL")


class WatchDay(Base):
    """What could be seen of the speaking model on a day, before any outcome is known.

    `accounts` have sent data in the last 90 days; `scored` of them got a score in the last day, `lacking` miss an
    input; `alerts` were opened in the last day. Of a sample of `sampled` accounts: `psi` by feature, `groups` as
    service.watching.drift describes them; `expected` is the estimated precision at the line, `promised` the card's,
    `flagged` the accounts over the line that the estimate stands on. The row is written last: it says that the day's
    round is done.
    """

    __tablename__ = "watch_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(String(64))
    watched_at: Mapped[datetime]
    accounts: Mapped[int]
    scored: Mapped[int]
    lacking: Mapped[int]
    over_line: Mapped[int]
    alerts: Mapped[int]
    line: Mapped[float]
    sampled: Mapped[int]
    flagged: Mapped[int]
    psi: Mapped[dict[str, Any]]
    groups: Mapped[list[Any]]
    expected: Mapped[float | None]
    promised: Mapped[float | None]


class ModelDay(Base):
    """What became of a model's risks of one day. Written anew while complaints may still come in late.

    `over` accounts were at or over the line, with risks of `over_risk` together; `top` are the riskiest twentieth.
    Where the outcomes are known (`mature`), all of it tells of accounts that were left to themselves: operations acted
    within the horizon on `acted_on` others. `complained` of the scored did so within the horizon after the day,
    `over_hits` and `top_hits` of the others; `bins` are [accounts, sum of risks, complained] by risk, at the edges of
    service.watching.lived.
    """

    __tablename__ = "model_days"
    __table_args__ = (PrimaryKeyConstraint("model", "day", "shadow"), Index("ix_model_days_day", "day"))

    model: Mapped[str] = mapped_column(String(64))
    day: Mapped[date]
    shadow: Mapped[bool]
    line: Mapped[float]
    scored: Mapped[int]
    risk_sum: Mapped[float]
    over: Mapped[int]
    over_risk: Mapped[float]
    top: Mapped[int]
    mature: Mapped[bool]
    acted_on: Mapped[int] = mapped_column(default=0, server_default="0")
    complained: Mapped[int]
    over_hits: Mapped[int]
    top_hits: Mapped[int]
    average_precision: Mapped[float | None]
    bins: Mapped[list[Any]]


class ModelShift(Base):
    """What is added to all log-odds of a model from a day on, by what came of what it said until then.

    service.scoring.recalibration says how. A model without a row speaks as it was trained.
    """

    __tablename__ = "model_shifts"

    model: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    shift: Mapped[float]


class ShadowDay(Base):
    """The risk that a model in the shadow gives an account on a day, and the speaking model's beside it.

    Both were computed from the same data: the speaking model's is its score as it stood.
    """

    __tablename__ = "shadow_days"
    __table_args__ = (
        PrimaryKeyConstraint("model", "day", "account_id"),
        Index("ix_shadow_days_day", "day"),
        {"sqlite_with_rowid": False},
    )

    model: Mapped[str] = mapped_column(String(64))
    day: Mapped[date]
    account_id: Mapped[int]
    risk: Mapped[float]
    beside: Mapped[str] = mapped_column(String(64))
    beside_risk: Mapped[float]


class Verdict(StrEnum):
    """How a candidate compares with the model that speaks."""

    WAITING = "waiting"
    BETTER = "better"
    SAME = "same"
    WORSE = "worse"


class Comparison(Base):
    """A candidate beside the model that speaks: the verdict so far, and the evidence for it."""

    __tablename__ = "model_comparisons"
    __table_args__ = (PrimaryKeyConstraint("candidate", "champion"),)

    candidate: Mapped[str] = mapped_column(String(64))
    champion: Mapped[str] = mapped_column(String(64))
    verdict: Mapped[Verdict] = mapped_column(text_enum(Verdict))
    compared_at: Mapped[datetime]
    evidence: Mapped[dict[str, Any]]


class Notice(Base):
    """Something about a model that people should know; at most one of a model is open."""

    __tablename__ = "model_notices"
    __table_args__ = (
        Index("ix_model_notices_one_open", "model", unique=True, postgresql_where=OPEN, sqlite_where=OPEN),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(String(64))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    why_closed: Mapped[str | None] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(200))
    lines: Mapped[list[str]]
    loss: Mapped[float]


class RetrainingOutcome(StrEnum):
    """How a scheduled training ended: with a model, for want of data, or by an accident."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class Retraining(Base):
    """A scheduled training. `under_way` is true while it runs and null after, so that there is one at a time.

    Whoever trains holds it by the lease; `tries` counts how often it was taken up. One that was refused or failed is
    tried again in the same row, and `detail` is the sentence that says why it was.
    """

    __tablename__ = "retrainings"

    id: Mapped[int] = mapped_column(primary_key=True)
    under_way: Mapped[bool | None] = mapped_column(unique=True)
    started_at: Mapped[datetime]
    tries: Mapped[int]
    lease_until: Mapped[datetime]
    lease_token: Mapped[UUID]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[RetrainingOutcome | None] = mapped_column(text_enum(RetrainingOutcome))
    detail: Mapped[str] = mapped_column(String(500))
    version: Mapped[str | None] = mapped_column(String(64))
