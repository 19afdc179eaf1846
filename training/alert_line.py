"""Measure what each alert line costs and catches on the validation weeks.

An account over the line costs one alert a week as long as it stays over it: an alert is worked within days and a
cool-down of some days follows; a cool-down longer than a week makes them fewer. So a line raises
(account-weeks at or over it) / (7 x weeks) alerts a day. `service.scoring.lines` chooses from what is measured here.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.scoring import lines
from training import head_start
from training.dataset import Dataset
from training.profiles import Profiles

POINTS = 200
# A budget never buys alerts that are less than clearly more likely right than a look at any account.
LEAST_ODDS = 2.0

Numbers = NDArray[np.float64]
Curve = dict[str, Any]


def curve(part: Dataset, risk: Numbers, profiles: Profiles, cool_down_hours: int) -> Curve:
    """The trade-off from the highest line to the lowest, as columns; what a card keeps.

    Rows that nobody can judge (weight 0) cost an alert and count neither as right nor as wrong.
    """
    ranked = np.sort(risk)[::-1]
    sizes = np.unique(np.geomspace(1, len(ranked), POINTS).round().astype(int))
    tried = np.unique(ranked[sizes - 1])[::-1]
    order = np.argsort(-risk, kind="stable")
    ends = np.searchsorted(-ranked, -tried, side="right")
    hits = np.cumsum((part.weight * part.label)[order])
    seen, complaint_weeks = np.cumsum(part.weight[order]), max(hits[-1], 1e-9)
    complaints = head_start.reach(part, profiles)
    starts = [complaints.starts(risk >= line) for line in tried]
    base = float(np.clip(hits[-1] / max(seen[-1], 1e-9), 1e-6, 1 - 1e-6))
    odds = LEAST_ODDS * base / (1 - base)
    return {
        "line": _rounded(tried),
        "alerts_per_day": _rounded(ends / alerts_to_rows(part, cool_down_hours)),
        "right": _rounded(hits[ends - 1] / np.maximum(seen[ends - 1], 1e-9)),
        "caught": _rounded(hits[ends - 1] / complaint_weeks),
        "told_first": [_share(hours, days) for hours, days in starts],
        "head_start_hours": [_short(head_start.median(hours)) for hours, _ in starts],
        "head_start_days": [_short(head_start.median(days)) for _, days in starts],
        "floor": round(odds / (1 + odds), 6),
        "ceiling": round(float(ranked[min(lines.LEAST_ALERTS, len(ranked)) - 1]), 6),
    }


def alerts_to_rows(part: Dataset, cool_down_hours: int) -> float:
    """How many account-weeks of this part one alert a day pays for."""
    weeks = len(np.unique(part.as_of))
    return 7 * weeks * max(1.0, cool_down_hours / (7 * 24)) * part.thinned_share


def _share(hours: Numbers, days: Numbers) -> float | None:
    return _short(float(head_start.in_time(hours, days, "4_working_hours").mean())) if len(hours) else None


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _rounded(values: Numbers) -> list[float]:
    return [round(value, 6) for value in values.tolist()]
