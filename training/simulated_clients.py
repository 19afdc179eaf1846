"""What simulated clients do: strain builds up, they lose patience, complain; and what operations does about it.

With `care`, operations looks after accounts that seem at risk, and those complain less while it does. The risk that
each account would have had is kept: what nobody can see in life, and what a model is to be held against.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.simulated_cast import Cast, Floats
from training.simulated_causes import BILLING, DAMAGED, FAILED, HIDDEN, LATE, TICKETS, Trouble

# How much each way of feeling trouble adds to a client's strain, and what the client then complains about.
WEIGHTS = {LATE: 1.0, DAMAGED: 0.9, FAILED: 0.6, TICKETS: 0.9, BILLING: 0.7, HIDDEN: 1.0}
ABOUT = {
    LATE: "late deliveries",
    DAMAGED: "damaged goods",
    FAILED: "drivers who leave without delivering",
    TICKETS: "unanswered requests",
    BILLING: "wrong invoices",
    HIDDEN: "prices",
}
# Log-odds of a complaint a day: without strain about one in sixteen months; strain needs days to build up (STRAIN_KEPT
# a day) and is felt LEAD_DAYS later. Set so that a good model ranks with an AUC of about 0.8: see docs/simulator.md.
BASE, STRAIN_WEIGHT, STRAIN_KEPT, LEAD_DAYS, TEMPER = -7.7, 3.8, 0.85, 3, 0.5
CALM, CALM_KEPT = 3.5, 0.94
HORIZON_DAYS = 14


@dataclass(frozen=True)
class Care:
    """How operations works from a day of the simulation on.

    Each morning it sees a risk: the true one without the client's temper, blurred. Over `line` an alert opens; with a
    chance of `answered` somebody acts on it within three days. Acting multiplies the odds of a complaint by `effect`
    until some days after the alert has ended. An alert ends when it is calm, after at least five days.
    """

    from_day: int
    effect: float = 0.3
    line: float = 0.2
    answered: float = 0.8
    blur: float = 0.5
    after_days: int = 6
    seed: int = 1


@dataclass
class Cared:
    """What operations did and saw, and the truth.

    `alerts`: rows of account (its place), opened, acted (or None) and ended, as days of the simulation.
    `seen`: array (n_days, n_accounts), the risk that operations saw in the morning, NaN before it watched.
    `untreated`: array (n_days, n_accounts), the true probability that the account complains within HORIZON_DAYS from
    that morning on, if nobody acts from then on; NaN in the last days and before the account began.
    """

    alerts: list[dict[str, int | None]] = field(default_factory=list)
    seen: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    untreated: Floats = field(default_factory=lambda: np.zeros((0, 0)))


def live(
    cast: Cast, trouble: Trouble, rng: np.random.Generator, *, first: date, care: Care | None
) -> tuple[list[dict[str, Any]], Cared]:
    """Walk through the days: strain builds up, a client loses patience, having complained relieves."""
    count, days = trouble.felt.shape[1:]
    ways = rng.lognormal(0, 0.4, (len(WEIGHTS), count))
    ways *= np.array([WEIGHTS[way] for way in WEIGHTS])[:, None]
    temper = rng.normal(0, TEMPER, count)
    urge = BASE + STRAIN_WEIGHT * np.minimum(_strain(ways, trouble), 1.6)
    calm, calms = np.zeros(count), np.zeros((days, count))
    desk = _Desk(care, count, days) if care else None
    rows: list[dict[str, Any]] = []
    for day in range(days):
        calms[day] = calm
        log_odds = urge[day] + temper - calm
        acted = desk.work(day, urge[day] - calm, day >= cast.started) if desk else 0.0
        complains = (rng.random(count) < _chance(log_odds + acted)) & (day >= cast.started)
        calm = np.where(complains, CALM, calm * CALM_KEPT)
        for account in np.nonzero(complains)[0]:
            felt = ways[:, account] * trouble.felt[:, account, max(0, day - LEAD_DAYS)]
            rows.append(_complaint(len(rows), str(cast.ids[account]), first + timedelta(days=day), felt, rng))
    if desk is None:
        return rows, Cared()
    truth = _untreated(urge + temper, calms)
    truth[np.arange(days)[:, None] < cast.started] = np.nan
    return rows, Cared(desk.alerts, desk.seen, truth)


def _strain(ways: Floats, trouble: Trouble) -> Floats:
    """Array of shape (n_days + LEAD_DAYS, n_accounts)."""
    count, days = trouble.felt.shape[1:]
    strain = np.zeros((days + LEAD_DAYS, count))
    for day in range(days):
        pain = np.einsum("wa,wa->a", ways, trouble.felt[:, :, day])
        strain[day + LEAD_DAYS] = STRAIN_KEPT * strain[day + LEAD_DAYS - 1] + (1 - STRAIN_KEPT) * np.minimum(pain, 2.5)
    return strain


def _untreated(urge: Floats, calms: Floats) -> Floats:
    """The chance of a first complaint within the horizon of each morning: until it comes, only calm wears off."""
    days = len(calms)
    peace = np.full(calms.shape, np.nan)
    last = days - HORIZON_DAYS + 1
    peace[:last] = 1.0
    for ahead in range(HORIZON_DAYS):
        peace[:last] *= 1 - _chance(urge[ahead : ahead + last] - calms[:last] * CALM_KEPT**ahead)
    return 1 - peace


class _Desk:
    """Operations at work, a day at a time."""

    def __init__(self, care: Care, count: int, days: int) -> None:
        self.care = care
        self.alerts: list[dict[str, int | None]] = []
        self.rng = np.random.default_rng([care.seed, 7])
        self.seen = np.full((days, count), np.nan)
        self.live: dict[int, dict[str, int | None]] = {}
        self.helped_until = np.full(count, -1)
        self.quiet_until = np.full(count, -1)
        self.blur = np.zeros(count)

    def work(self, day: int, urge: Floats, there: NDArray[np.bool_]) -> Floats:
        """Look at all accounts in the morning; what acting adds to each one's log-odds of the day."""
        # The error of a model changes slowly, and keeps its size.
        self.blur = 0.8 * self.blur + 0.6 * self.rng.normal(0, self.care.blur, len(urge))
        seen = 1 - (1 - _chance(urge + self.blur)) ** HORIZON_DAYS
        dice, delay = self.rng.random(len(urge)), self.rng.integers(0, 4, len(urge))
        if day >= self.care.from_day:
            self.seen[day] = np.where(there, seen, np.nan)
            over = there & (seen >= self.care.line) & (day >= self.quiet_until)
            for account in np.flatnonzero(over).tolist():
                if account not in self.live:
                    acted = day + int(delay[account]) if dice[account] < self.care.answered else None
                    self._open(account, day, acted)
            self._follow(day, seen)
        return np.where(self.helped_until > day, np.log(self.care.effect), 0.0)

    def _open(self, account: int, day: int, acted: int | None) -> None:
        self.live[account] = {"account": account, "opened": day, "acted": acted, "ended": None}
        self.alerts.append(self.live[account])

    def _follow(self, day: int, seen: Floats) -> None:
        for account, alert in list(self.live.items()):
            opened, acted = alert["opened"], alert["acted"]
            if acted is not None and day >= acted:
                self.helped_until[account] = day + 1 + self.care.after_days
            if opened is not None and day >= opened + 5 and seen[account] < 0.8 * self.care.line:
                alert["ended"] = day
                self.quiet_until[account] = day + 3
                del self.live[account]


def _chance(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def _complaint(number: int, account_id: str, on: date, felt: Floats, rng: np.random.Generator) -> dict[str, Any]:
    about = ABOUT[int(np.argmax(felt))] if felt.max() > 0.15 else str(rng.choice(("prices", "a driver", "an order")))
    minute = int(rng.integers(8 * 60, 17 * 60))
    return {
        "complaint_id": f"K{100_001 + number}",
        "account_id": account_id,
        "occurred_at": f"{on}T{minute // 60:02d}:{minute % 60:02d}:00Z",
        "channel": str(rng.choice(("phone", "email", "visit"), p=(0.6, 0.33, 0.07))),
        "severity": int(np.clip(np.round(2 + felt.max() + rng.normal(0, 0.8)), 1, 5)),
        "about": f"Complains about {about}",
    }
