"""What can be wrong about metrics and observations; pure."""

from datetime import datetime, timedelta

from service.kit.errors import Invalid, NotFound
from service.metrics.schemas import ObservationIn

# Clocks differ by seconds. A value further ahead is a mistake that would hide every true value after it.
AHEAD = timedelta(minutes=5)


class MetricNotFound(NotFound):
    """There is no such metric."""


class IdempotencyKeyReused(Invalid):
    """This Idempotency-Key came before with another body."""


def ahead_of_time(observation: ObservationIn, *, latest: datetime) -> tuple[str, str] | None:
    """Refuse what is said to be observed in the future."""
    return ("observed_at", "lies in the future") if observation.observed_at > latest else None
