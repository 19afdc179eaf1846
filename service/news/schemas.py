"""News as they come in and go out."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from service.kit.fields import NOT_BLANK, Day, Incoming, Word, line

Text = Annotated[str, line(1, 300), Field(json_schema_extra={"pattern": NOT_BLANK, "minLength": 1, "maxLength": 300})]


class NewsIn(Incoming):
    """Something that reps may tell their clients."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "text": "The depot in Spandau opens on Saturdays.",
                    "from_day": "2026-03-02",
                    "until_day": "2026-03-08",
                    "segment": "retail",
                }
            ]
        }
    )

    text: Text
    from_day: Day = Field(description="From this day on it stands in weekly mails, once in those of each rep.")
    until_day: Day = Field(description="The last such day.")
    segment: Word | None = Field(None, description="Only for reps with accounts of this segment; empty: for all.")


class NewsOut(BaseModel):
    """Something that reps may tell their clients."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    text: str
    from_day: date
    until_day: date
    segment: str | None
    made_by: str
    created_at: datetime


class NewsList(BaseModel):
    """The news that are told, or will be; the first first."""

    items: list[NewsOut]
