"""Promises as they come in and go out."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from models import Commitment, CommitmentState, Danger
from service.commitments.rules import read_domino
from service.kit.fields import NOT_BLANK, Day, Id, Incoming, MetricId, Number, line
from service.kit.rows import Columns, number_cell

MOST_DOMINOES = 20
EXAMPLE: dict[str, Any] = {
    "account_id": "northwind",
    "promise": "Deliveries before 08:00 in all northern shops",
    "due": "2026-03-06",
    "metric": "late_share",
    "target": 0.05,
    "dominoes": [{"what": "The reopening of the shop in Tegel", "on": "2026-03-07"}],
}

Promise = Annotated[
    str, line(1, 500), Field(json_schema_extra={"pattern": NOT_BLANK, "minLength": 1, "maxLength": 500})
]


class Domino(Incoming):
    """What the client has promised others, and when: it falls with our promise."""

    what: Id
    on: Day | None = None


Dominoes = Annotated[list[Domino], Field(max_length=MOST_DOMINOES)]


class CommitmentIn(Incoming):
    """What a client was promised."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    account_id: Id
    reference: Id | None = Field(None, description="Your own id for it; nobody else may have it.")
    promise: Promise
    due: Day = Field(description="The last day on which it can be kept, on the client's calendar.")
    metric: MetricId | None = Field(None, description="What it is held against.")
    target: Number | None = Field(None, description="In the metric's unit; empty: the metric's own target.")
    dominoes: Dominoes = Field(default=[], description="The client's own promises that hang on it.")


class CommitmentRow(CommitmentIn):
    """A promise in a list: the same `reference` again corrects it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reference": "crm-118", **EXAMPLE}]})

    reference: Id


class CommitmentChange(Incoming):
    """What is to be different; what is left out stays. Without a metric there is no target."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"due": "2026-03-13"}]})

    promise: Promise | None = None
    due: Day | None = None
    metric: MetricId | None = None
    target: Number | None = None
    dominoes: Dominoes | None = None


class Ending(StrEnum):
    """How a promise ends."""

    KEPT = "kept"
    BROKEN = "broken"
    CANCELLED = "cancelled"


class CloseIn(Incoming):
    """How it ended."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"state": "kept"}]})

    state: Ending = Field(strict=False)


class ShownCommitments(StrEnum):
    """Which promises a list shows: the open ones, those of them at risk, or all."""

    OPEN = "open"
    AT_RISK = "at_risk"
    ALL = "all"


class CommitmentOut(BaseModel):
    """A promise, and whether it is at risk and why."""

    id: UUID
    reference: str | None
    account_id: str
    promise: str
    due: date
    metric: str | None
    target: float | None
    dominoes: list[dict[str, Any]]
    state: CommitmentState
    at_risk: bool
    danger: Danger | None = Field(description="Why it is at risk, while it is.")
    off_days: int | None = Field(description="On how many of the last `days` measured days the target was missed.")
    days: int | None
    measured: float | None = Field(description="The metric on the last of these days.")
    at_risk_since: datetime | None
    made_by: str
    created_at: datetime
    closed_at: datetime | None
    closed_by: str | None

    @classmethod
    def of(cls, row: Commitment) -> Self:
        """Show a promise whose account and metric are loaded."""
        same = {name: getattr(row, name) for name in cls.model_fields if name in row.__mapper__.columns}
        shown = same | {
            "account_id": row.account.external_id,
            "reference": row.external_id,
            "metric": row.metric.external_id if row.metric else None,
            "at_risk": row.at_risk,
        }
        if not row.at_risk:
            shown |= dict.fromkeys(("danger", "at_risk_since"))
        return cls(**shown)


class CommitmentList(BaseModel):
    """Promises, the one that is due first first."""

    items: list[CommitmentOut]
    next: str | None = Field(description="Give it as `cursor` to get the next page; null on the last one.")


def dominoes_cell(cell: Any) -> Any:
    """Read "2026-03-07 The reopening in Tegel; Fresh bread": a day, if any, and what; parted by ; or line breaks."""
    if not isinstance(cell, str):
        return cell
    return dominoes_lines(cell.replace(";", "\n"))


def dominoes_lines(text: str) -> list[dict[str, Any]]:
    """Read a line each, as a form has them: what is written there may hold any sign."""
    return [read_domino(each) for each in text.split("\n") if each.strip()]


COLUMNS = Columns(CommitmentRow, {"target": number_cell, "dominoes": dominoes_cell})
