"""What can be wrong about complaints; pure."""

from datetime import datetime, timedelta

from service.complaints.schemas import ComplaintIn

# Clocks differ by seconds; more is a mistake.
AHEAD = timedelta(minutes=5)


def ahead_of_time(complaint: ComplaintIn, *, latest: datetime) -> tuple[str, str] | None:
    """Refuse a complaint that is said to come in the future."""
    return ("occurred_at", "lies in the future") if complaint.occurred_at > latest else None
