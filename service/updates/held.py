"""What came back decides what goes out: addresses that get nothing, reps who paused, a reputation at stake."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models import InboundKind, Mail, MailKind, StopReason, Update
from service.kit.database import Session
from service.updates.queries import addresses

# What providers tolerate: Amazon SES looks at an account from 5 % bounces on, and stops it at 0.5 % complaints.
LAST_MAILS, MOST_BOUNCED = 200, 10
LAST_FOR_COMPLAINTS, MOST_COMPLAINTS = 1000, 5
LOOK_AGAIN = timedelta(hours=1)
CAN_WAIT = frozenset({MailKind.DIGEST, MailKind.MANAGER})
WHY_STOPPED = {
    StopReason.HARD: "The address does not exist: a mail to it came back.",
    StopReason.SOFT: "The address failed too often: mails to it came back.",
    StopReason.COMPLAINT: "The reader called a mail spam.",
}


@dataclass(frozen=True)
class Wait:
    """Until when a mail waits, and why."""

    until: datetime
    why: str


def refusal(session: Session, mail: Mail) -> str | None:
    """Say why a mail must not go to its reader at all."""
    if address := addresses.stopped(session, mail.recipient):
        assert address.stopped_why is not None
        return WHY_STOPPED[address.stopped_why]
    choice = addresses.choice(session, mail.rep_id) if mail.rep_id and mail.kind is MailKind.DIGEST else None
    return "The rep has ended the weekly mails." if choice and choice.digests_ended_at else None


def postponed(session: Session, mail: Mail, update: Update | None, *, now: datetime) -> Wait | None:
    """Say until when a mail has to wait: its reader is away, unless it is urgent, or too many mails come back."""
    choice = addresses.choice(session, mail.rep_id) if mail.rep_id else None
    if choice and choice.paused_until and choice.paused_until > now and not (update and update.urgent):
        return Wait(choice.paused_until, "The rep has paused all mails.")
    if mail.kind in CAN_WAIT and (why := reputation_at_stake(session)):
        return Wait(now + LOOK_AGAIN, why)
    return None


def reputation_at_stake(session: Session) -> str | None:
    """Say why mails that can wait do: providers stop whoever goes on writing to addresses that do not exist."""
    if addresses.came_back(session, InboundKind.BOUNCE, of_last=LAST_MAILS) >= MOST_BOUNCED:
        return f"At least {MOST_BOUNCED} of the last {LAST_MAILS} mails came back."
    if addresses.came_back(session, InboundKind.COMPLAINT, of_last=LAST_FOR_COMPLAINTS) >= MOST_COMPLAINTS:
        return f"At least {MOST_COMPLAINTS} of the last {LAST_FOR_COMPLAINTS} mails were called spam."
    return None
