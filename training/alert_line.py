"""The alert line: the risk at which operations is asked to look, so that it can work what is raised.

An account over the line costs one alert a week as long as it stays over it: an alert is worked within days and a
cool-down of some days follows. So a line raises (account-weeks at or over it) / (7 x weeks) alerts a day, and the
line for a budget is a quantile of the risks. Where the budget would pay for nearly everybody, the line stays where an
alert is clearly more likely right than a look at any account: twice the odds of the base rate.
"""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from training.dataset import Dataset

LEAST_ODDS = 2.0
SHOWN = (0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Offer:
    """What a line costs and catches: alerts a day, the share of them right, the share of complaint weeks caught."""

    line: float
    alerts_per_day: float
    right: float | None
    caught: float | None


def choose(part: Dataset, risk: NDArray[np.float64], alerts_per_day: float, cool_down_hours: int) -> float:
    """The lowest line whose alerts fit the budget, but not under twice the odds of the base rate."""
    weeks = len(np.unique(part.as_of))
    every = max(1.0, cool_down_hours / (7 * 24))
    affordable = int(alerts_per_day * 7 * weeks * every * part.thinned_share)
    ranked = np.sort(risk)[::-1]
    by_budget = float(ranked[min(affordable, len(ranked)) - 1]) if affordable else 1.0
    base = float(part.label.mean())
    odds = LEAST_ODDS * base / (1 - base)
    return round(min(max(by_budget, odds / (1 + odds)), 0.99), 4)


def offers(part: Dataset, risk: NDArray[np.float64], line: float) -> list[dict[str, float | None]]:
    """The trade-off around a line: lower lines catch more, and more of their alerts are wrong."""
    odds = line / (1 - line)
    lines = sorted({round(odds * factor / (1 + odds * factor), 4) for factor in SHOWN})
    return [asdict(_offer(part, risk, tried)) for tried in lines]


def _offer(part: Dataset, risk: NDArray[np.float64], line: float) -> Offer:
    over = risk >= line
    days = 7 * len(np.unique(part.as_of))
    hits, complaints = int((over & part.label).sum()), int(part.label.sum())
    return Offer(
        line=line,
        alerts_per_day=float(over.sum() / days / part.thinned_share),
        right=hits / int(over.sum()) if over.any() else None,
        caught=hits / complaints if complaints else None,
    )
