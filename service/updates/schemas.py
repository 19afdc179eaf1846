"""What is sent and shown of updates."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from models import HoldKind, MailKind, MailState, Update, UpdateKind
from service.kit.fields import NOT_BLANK, Incoming, Moment, Name, Prose, Word

Told = Annotated[Prose, Field(max_length=2000)]


class UpdateIn(Incoming):
    """What operations tells the rep. All but `say` must be there; what is missing is named in the refusal."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "cause": "Two drivers are off sick on the northern route since Tuesday.",
                    "owner": "Ola Berg",
                    "fix": "A second van starts tomorrow at 06:00.",
                    "say": "Your deliveries are back on time from Thursday on; I will confirm it on Friday.",
                    "next_update_at": "2026-03-03T15:00:00Z",
                }
            ]
        }
    )

    cause: Annotated[Told, Field(description="What is wrong.")] = ""
    owner: Annotated[Word, Field(description="Who of operations has it.")] = ""
    fix: Annotated[Told, Field(description="What is being done.")] = ""
    say: Annotated[Told, Field(description="What the rep may tell the client, in your words.")] = ""
    next_update_at: Annotated[Moment | None, Field(description="When the rep hears more; ahead, within 90 days.")] = (
        None
    )
    urgent: bool = Field(
        default=False, description="Tell the rep at once: a second time a day, in quiet hours, on free days."
    )


class UpdateOut(BaseModel):
    """An update, and when it was mailed and acknowledged."""

    id: UUID
    alert_id: UUID
    kind: UpdateKind
    written_at: datetime
    written_by: str
    cause: str
    owner: str
    fix: str
    say: str
    next_update_at: datetime | None
    urgent: bool
    sent_at: datetime | None
    acknowledged_at: datetime | None


class UpdateList(BaseModel):
    """The updates of an alert, oldest first."""

    updates: list[UpdateOut]


def update_out(update: Update, sent_at: datetime | None = None, acknowledged_at: datetime | None = None) -> UpdateOut:
    """Show an update with what became of its mail."""
    row = {name: getattr(update, name) for name in UpdateOut.model_fields if hasattr(update, name)}
    return UpdateOut(**row, sent_at=sent_at, acknowledged_at=acknowledged_at)


class HoldIn(Incoming):
    """Why no mail is to go out."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "The figures of Monday are wrong."}]})

    reason: Annotated[Name, Field(min_length=1, json_schema_extra={"pattern": NOT_BLANK})]


class HoldOut(BaseModel):
    """What waits (every mail, or those of reps while a storm is looked at), by whom, why and until when."""

    model_config = ConfigDict(from_attributes=True)

    kind: HoldKind
    reason: str
    held_at: datetime
    held_by: str
    until: datetime | None


class HoldList(BaseModel):
    """What holds mails back at this moment; empty: nothing."""

    holds: list[HoldOut]


class MailOut(BaseModel):
    """A mail in the outbox. `parked` and `suppressed` wait for people; `last_error` says why."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: MailKind
    state: MailState
    recipient: str
    subject: str
    alert_id: UUID | None
    created_at: datetime
    next_at: datetime
    attempts: int
    last_error: str | None
    sent_at: datetime | None
    acknowledged_at: datetime | None


class MailPage(BaseModel):
    """A page of mails, the newest first, and what holds mails back."""

    items: list[MailOut]
    next: str | None = Field(description="Give it as `cursor` to get the next page; null on the last one.")
    holds: list[HoldOut]
