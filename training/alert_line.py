"""Measure what each alert line costs and catches on the validation weeks.

An account over the line costs one alert a week as long as it stays over it: an alert is worked within days and a
cool-down of some days follows; a cool-down longer than a week makes them fewer. So a line raises
(account-weeks at or over it) / (7 x weeks) alerts a day. Beside each line, quiet accounts have a lower one, which adds
a third as many alerts. `service.scoring.lines` chooses from what is measured here.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.scoring import lines
from service.scoring.features import COMPLAINTS
from training import head_start
from training.dataset import Dataset
from training.profiles import Profiles

POINTS = 200
# A budget never buys alerts that are less than clearly more likely right than a look at any account.
LEAST_ODDS = 2.0
# For each alert over the line, so many more of quiet accounts under it: a quarter of all.
QUIET_EXTRA = 1 / 3

Numbers = NDArray[np.float64]
Rows = NDArray[np.bool_]
Curve = dict[str, Any]


def curve(part: Dataset, risk: Numbers, profiles: Profiles, cool_down_hours: int) -> Curve:
    """The trade-off from the highest line to the lowest, as columns; what a card keeps.

    Rows that nobody can judge (weight 0) cost an alert and count neither as right nor as wrong.
    """
    ranked = np.sort(risk)[::-1]
    sizes = np.unique(np.geomspace(1, len(ranked), POINTS).round().astype(int))
    tried = np.unique(ranked[sizes - 1])[::-1]
    quiet = quiet_rows(part)
    below = _quiet_lines(tried, risk, quiet, _least(part, quiet))
    flags = [over(risk, quiet, line, under) for line, under in zip(tried, below, strict=True)]
    hits = np.array([(part.weight * part.label)[flagged].sum() for flagged in flags])
    seen = np.array([part.weight[flagged].sum() for flagged in flags])
    complaints = head_start.reach(part, profiles)
    starts = [complaints.starts(flagged) for flagged in flags]
    return {
        "line": _rounded(tried),
        "quiet_line": _rounded(below),
        "alerts_per_day": _rounded(
            np.array([flagged.sum() for flagged in flags]) / alerts_to_rows(part, cool_down_hours)
        ),
        "right": _rounded(hits / np.maximum(seen, 1e-9)),
        "caught": _rounded(hits / max((part.weight * part.label).sum(), 1e-9)),
        "told_first": [_share(hours, days) for hours, days in starts],
        "head_start_hours": [_short(head_start.median(hours)) for hours, _ in starts],
        "head_start_days": [_short(head_start.median(days)) for _, days in starts],
        "floor": round(_least(part, np.ones(len(risk), dtype=bool)), 6),
        "ceiling": round(float(ranked[min(lines.LEAST_ALERTS, len(ranked)) - 1]), 6),
    }


def quiet_rows(part: Dataset) -> Rows:
    """Account-weeks that no complaint came before for four weeks."""
    return np.asarray(part.stat(COMPLAINTS, "count_28") == 0)


def over(risk: Numbers, quiet: Rows, line: Numbers | float, quiet_line: Numbers | float) -> Rows:
    """Which rows are alerted: over the line, or quiet and over the line of those."""
    return np.asarray((risk >= line) | (quiet & (risk >= quiet_line)))


def _quiet_lines(tried: Numbers, risk: Numbers, quiet: Rows, least: float) -> Numbers:
    """The line of quiet accounts beside each line: a third as many alerts more, as long as they are worth a look."""
    of_all, of_quiet = np.sort(risk)[::-1], np.sort(risk[quiet])[::-1]
    if not len(of_quiet):
        return np.asarray(tried)
    already = np.searchsorted(-of_quiet, -tried, side="right")
    wanted = already + (QUIET_EXTRA * np.searchsorted(-of_all, -tried, side="right")).astype(int)
    reached = of_quiet[np.clip(wanted, 1, len(of_quiet)) - 1]
    return np.asarray(np.where(wanted > already, np.minimum(tried, np.maximum(reached, least)), tried))


def _least(part: Dataset, rows: Rows) -> float:
    """The risk at which an alert is clearly more likely right than a look at any of these rows."""
    seen = part.weight[rows]
    base = float(np.clip((seen * part.label[rows]).sum() / max(seen.sum(), 1e-9), 1e-6, 1 - 1e-6))
    odds = LEAST_ODDS * base / (1 - base)
    return odds / (1 + odds)


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
