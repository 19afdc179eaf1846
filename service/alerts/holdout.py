"""The silent hold-out: leaving a few accounts without an alert, by lot, to learn what alerts are worth; pure.

Off unless `holdout_share` is set. Who is held out is decided by a keyed hash of account and week, so that it can be
checked afterwards and not be chosen. docs/alerts.md says who never is, and what to think about first.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

from service.alerts.rules import clearly_higher

# Nobody is left alone twice in a quarter of a year.
REST = timedelta(days=90)
Z = 1.96


def week_of(moment: datetime) -> str:
    """The ISO week in UTC, as 2026-W10."""
    year, week, _ = moment.isocalendar()
    return f"{year}-W{week:02d}"


def lot(key: str, account_id: int, week: str) -> float:
    """A number in [0, 1) that nobody can guess, the same each time it is asked for."""
    mac = hmac.new(key.encode(), f"holdout:{account_id}:{week}".encode(), hashlib.sha256).digest()
    return int.from_bytes(mac[:8]) / 2**64


def may_be_held(risk: float, line: float, value: float | None, most_value: float) -> bool:
    """Whether an account may be left without an alert at all: not where the risk or the value is high."""
    if clearly_higher(risk, line):
        return False
    return most_value == 0 or (value is not None and value <= most_value)


def ending(until: datetime, risk: float, line: float, *, on: bool, complained: bool, now: datetime) -> str | None:
    """Say why an account need not be left alone any longer."""
    if complained:
        return "The client complained."
    if now >= until:
        return "The horizon is over."
    if not on:
        return "The hold-out was switched off."
    if clearly_higher(risk, line):
        return "The risk rose well over the line."
    return None


@dataclass(frozen=True)
class Arm:
    """Accounts of one kind whose horizon is over, and how many of them complained in it."""

    accounts: int
    complained: int

    @property
    def rate(self) -> float | None:
        return self.complained / self.accounts if self.accounts else None

    def bounds(self) -> tuple[float, float]:
        """Wilson's interval of the rate, 95 %."""
        n, share = self.accounts, self.complained / self.accounts
        middle, spread = share + Z**2 / (2 * n), Z * sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
        return (middle - spread) / (1 + Z**2 / n), (middle + spread) / (1 + Z**2 / n)


@dataclass(frozen=True)
class Worth:
    """Complaints that an alert keeps away: a share in [-1, 1] of the alerts, with bounds of 95 %."""

    kept_away: float
    low: float
    high: float


def worth(held: Arm, alerted: Arm) -> Worth | None:
    """The rate of the held ones less that of the alerted, with Newcombe's interval; None before there are both."""
    if not held.accounts or not alerted.accounts:
        return None
    one, other = held.complained / held.accounts, alerted.complained / alerted.accounts
    (low, high), (other_low, other_high) = held.bounds(), alerted.bounds()
    gap = one - other
    return Worth(
        gap,
        gap - sqrt((one - low) ** 2 + (other_high - other) ** 2),
        gap + sqrt((high - one) ** 2 + (other - other_low) ** 2),
    )
