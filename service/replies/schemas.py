"""What is shown of what came back."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from models import InboundKind
from service.kit.fields import PROSE_NOT_BLANK, Incoming, Prose


class ReplyOut(BaseModel):
    """What somebody answered to a mail. `sender` is what the mail claims; attachments are named and not kept."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    alert_id: UUID | None
    mail_id: UUID | None
    sender: str
    subject: str
    body: str = Field(description="Without quotes and signature, at most 20,000 characters.")
    attachments: list[str]
    received_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    answer: str | None = Field(description="What operations wrote back, if it did.")


class ReplyList(BaseModel):
    """Replies, the oldest first, at most 100."""

    replies: list[ReplyOut]


class AnswerIn(Incoming):
    """What to write back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "The second van can be there at 06:30."}]})

    text: Annotated[Prose, Field(min_length=1, max_length=2000, json_schema_extra={"pattern": PROSE_NOT_BLANK})]


class TakenOut(BaseModel):
    """What a mail that was handed over is. `taken` is false if it was known already: it counts once."""

    kind: InboundKind
    taken: bool
