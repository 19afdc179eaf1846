"""Complaints as they come in."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from service.kit.fields import Id, Incoming, Moment, Prose, ShortWord
from service.kit.rows import Columns, RowProblem, whole_cell

EXAMPLE: dict[str, Any] = {
    "complaint_id": "case-4711",
    "account_id": "northwind",
    "occurred_at": "2026-03-02T09:30:00Z",
    "channel": "phone",
    "severity": 3,
    "about": "Third late delivery in a week",
}


class ComplaintIn(Incoming):
    """The client complained. The same `complaint_id` again corrects what was said before."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    complaint_id: Id
    account_id: Id
    occurred_at: Moment
    channel: ShortWord | None = Field(None, description="phone, mail, survey, …")
    severity: Annotated[int, Field(ge=1, le=5)] | None = Field(None, description="1 is mild, 5 is the worst.")
    about: Annotated[Prose, Field(max_length=2_000)] | None = None


COLUMNS = Columns(ComplaintIn, {"severity": whole_cell})


class ComplaintsStored(BaseModel):
    """What became of a list of complaints."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"accepted": 1, "rejected": 0, "problems": [], "new_accounts": ["northwind"]}]}
    )

    accepted: int
    rejected: int
    problems: list[RowProblem]
    new_accounts: list[str] = Field(description="Accounts that were not known before; they have no rep yet.")
