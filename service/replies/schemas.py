"""What is shown of what came back."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from models import InboundKind


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


class ReplyList(BaseModel):
    """Replies, the oldest first, at most 100."""

    replies: list[ReplyOut]


class TakenOut(BaseModel):
    """What a mail that was handed over is. `taken` is false if it was known already: it counts once."""

    kind: InboundKind
    taken: bool
