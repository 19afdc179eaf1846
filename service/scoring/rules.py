"""What a risk means; pure."""

from enum import StrEnum

STARTER_LINE = 0.7
# An account is quiet after so many days without a complaint; nobody there expects the next one.
QUIET_DAYS = 28


class Band(StrEnum):
    """A risk in a word, against the alert line in force."""

    HIGH = "high"
    WATCH = "watch"
    CALM = "calm"


def band(risk: float, line: float) -> Band:
    """At or over the line is high, over half of it is to be watched."""
    if risk >= line:
        return Band.HIGH
    return Band.WATCH if risk >= line / 2 else Band.CALM
