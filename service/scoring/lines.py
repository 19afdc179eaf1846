"""The alert line of a trained model: what each line costs and catches, and which one a choice means. Pure.

Training measures the trade-off on the validation weeks and keeps it in the card as a curve: columns of numbers, from
the highest line to the lowest. Everything here reads that curve, so a line can be chosen long after the training.

A choice is one of three:

- budget: as many alerts a day as the team can work. Where the budget would pay for nearly everybody, the line stays at
  the curve's `floor`, where an alert is clearly more likely right than a look at any account.
- price: a missed complaint costs as much as so many wasted looks. An alert is then worth its look where
  risk x price > 1 - risk, so the line is 1 / (1 + price), within what the validation weeks have seen.
- fixed: a risk.

Accounts that complain anyway would take all alerts, and the news of a first complaint is worth the most. So quiet
accounts, without a complaint for four weeks, have a lower line of their own, the curve's `quiet_line`: a quarter of
the alerts are theirs alone. The curve counts both lines' alerts.

A new model gets its line by the same choice on its own curve, and `steady` keeps the alerts a day from jumping.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.trained_model import LineKind

MOST = 0.99
# With fewer alerts on the validation weeks nobody knows how many of them would be right.
LEAST_ALERTS = 10
# A new model may change the alerts a day by this factor at once, not by more.
STEP = 1.25
MEASURES = ("right", "caught", "told_first", "head_start_hours", "head_start_days")

Curve = Mapping[str, Any]


@dataclass(frozen=True)
class Choice:
    """What somebody chose; `value` is alerts a day, a price in wasted looks, or a risk."""

    kind: LineKind
    value: float

    def __str__(self) -> str:
        if self.kind is LineKind.BUDGET:
            return f"a budget of {self.value:.3g} alerts a day"
        if self.kind is LineKind.PRICE:
            return f"a price: a missed complaint costs as much as {self.value:.3g} wasted looks"
        return f"a fixed risk of {self.value:.3g}"


@dataclass(frozen=True)
class Offer:
    """What a line costs and catches, on the validation weeks; None where nothing can be said.

    `right`: share of the alerts that a complaint followed. `caught`: share of the account-weeks with a complaint.
    `told_first`: share of the complaints whose account was flagged at least four working hours before, and
    `head_start_hours` (working hours), `head_start_days`: how long before, the median of those flagged.
    `quiet_line`: the line of quiet accounts that goes with it; None on the curves of older cards.
    """

    line: float
    alerts_per_day: float
    right: float | None = None
    caught: float | None = None
    told_first: float | None = None
    head_start_hours: float | None = None
    head_start_days: float | None = None
    quiet_line: float | None = None


def offer(curve: Curve, line: float) -> Offer:
    """What a line costs and catches, between the curve's points; over its highest line no alert is known of."""
    lines = curve["line"]
    if line > lines[0]:
        return Offer(line, 0.0)
    place, share = _between([-each for each in lines], -line)
    found = {name: _mixed(curve[name], place, share) for name in MEASURES}
    if "quiet_line" in curve:
        found["quiet_line"] = min(round(_mixed(curve["quiet_line"], place, share) or line, 6), line)
    return Offer(line, _mixed(curve["alerts_per_day"], place, share) or 0.0, **found)


def line_for(curve: Curve, alerts_per_day: float) -> float:
    """The line that raises so many alerts a day."""
    raised = curve["alerts_per_day"]
    if alerts_per_day < raised[0]:
        return MOST
    place, share = _between(raised, alerts_per_day)
    return _mixed(curve["line"], place, share) or 0.0


def choose(choice: Choice, curve: Curve) -> float:
    """The line that a choice means on a curve."""
    if choice.kind is LineKind.FIXED:
        return choice.value
    if choice.kind is LineKind.BUDGET:
        return round(min(max(line_for(curve, choice.value), float(curve["floor"])), MOST), 4)
    return round(max(min(1 / (1 + choice.value), float(curve["ceiling"])), float(curve["line"][-1])), 4)


def steady(line: float, alerts_before: float | None, curve: Curve) -> float:
    """A line whose alerts a day are within a quarter of what they were before; as asked where that is not known."""
    if not alerts_before:
        return line
    asked = offer(curve, line).alerts_per_day
    held = min(max(asked, alerts_before / STEP), alerts_before * STEP)
    return line if held == asked else round(line_for(curve, held), 4)


def around(curve: Curve, line: float, factors: Sequence[float] = (0.25, 0.5, 1.0, 2.0, 4.0)) -> list[Offer]:
    """The offers that raise a quarter, a half, twice and four times as many alerts a day; the line itself among them.

    From few alerts to many; those that the curve does not reach are left out.
    """
    here = offer(curve, line)
    reached = [here.alerts_per_day * factor for factor in factors if factor != 1.0]
    within = [alerts for alerts in reached if curve["alerts_per_day"][0] <= alerts <= curve["alerts_per_day"][-1]]
    found = [here, *(offer(curve, round(line_for(curve, alerts), 4)) for alerts in within)]
    return sorted(found, key=lambda each: -each.line)


def _between(rising: Sequence[float], value: float) -> tuple[int, float]:
    """The place behind a value among rising numbers, and how far it is from the one before, in [0, 1]."""
    place = min(max(bisect_left(rising, value), 1), len(rising) - 1)
    if place == 0 or len(rising) == 1:
        return 0, 1.0
    width = rising[place] - rising[place - 1]
    return place, min(max((value - rising[place - 1]) / width, 0.0), 1.0) if width else 1.0


def _mixed(numbers: Sequence[float | None], place: int, share: float) -> float | None:
    after, before = numbers[place], numbers[max(place - 1, 0)]
    if after is None or before is None:
        return after if share > 0 else before
    return before + share * (after - before)
