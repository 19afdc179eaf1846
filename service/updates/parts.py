"""Promises and news, as several mails tell them: facts only."""

from dataclasses import dataclass
from datetime import date

from models import Danger


@dataclass(frozen=True)
class Domino:
    """What a client has promised others, and the day, where it is known: it falls with our promise."""

    what: str
    on: date | None = None


@dataclass(frozen=True)
class Promise:
    """A promise to a client. `danger` is why it may not be kept; None while nothing speaks against it.

    Where it is held against a metric, `metric` is its label, and `target` and `measured` (the last whole day) are as
    people write them; the target was missed on `off_days` of the last `days` measured days.
    """

    account_id: str
    name: str
    promise: str
    due: date
    danger: Danger | None = None
    metric: str = ""
    target: str = ""
    measured: str = ""
    off_days: int = 0
    days: int = 0
    hangs_on_it: tuple[Domino, ...] = ()


@dataclass(frozen=True)
class NewsLine:
    """What is new, for clients of a segment, or for all where it is empty."""

    text: str
    segment: str = ""
