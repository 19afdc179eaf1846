"""What has moved, in a sentence with its numbers: how a feature is, and how it was when the model was trained. Pure."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from service.scoring import sentences
from service.scoring.definitions import SUM, Definition
from service.scoring.features import COMPLAINTS
from service.scoring.items import ITEMS
from service.watching import rules

NAMES = {COMPLAINTS: "Complaints", ITEMS: "What is under way"}
# Where in the levels, who has them, what to say before the number.
PLACES = ((0, "at a typical account", ""), (1, "at one account in ten", "at least "))

# What a feature is of its metric, and how its values are written.
Statistic = tuple[str, Callable[[float], str]]


def told(groups: Sequence[Mapping[str, Any]], definitions: Mapping[str, Definition]) -> list[str]:
    """A sentence each, what pushes alerts most first."""
    ranked = sorted(groups, key=lambda each: (-abs(each["push"]), -each["psi"]))
    return [sentence(each, definitions) for each in ranked]


def sentence(group: Mapping[str, Any], definitions: Mapping[str, Definition]) -> str:
    """How a group of features is, and how it was."""
    definition = definitions.get(group["group"])
    label = definition.label if definition else NAMES.get(group["group"], group["group"])
    if group["missing"] - group["missing_was"] >= rules.MUCH_MISSING:
        return (
            f"{label}: missing at {percent(group['missing'])} of the accounts, {percent(group['missing_was'])} before."
        )
    about, write = _statistic(group["column"].rpartition(":")[2], definition)
    now, was = group["levels"], group["levels_were"]
    if now is not None and was is not None:
        for place, who, least in PLACES:
            here, there = write(now[place]), write(was[place])
            if here != there:
                return f"{label}{about}: {least}{here} {who}, {there} before."
    if group.get("over") is None:
        return f"{label}{about}: spread otherwise than before."
    edge, share, share_was = group["over"]
    return f"{label}{about}: over {write(edge)} at {percent(share)} of the accounts, {percent(share_was)} before."


def percent(share: float) -> str:
    """A share as people write it."""
    return f"{share:.0%}".replace("%", " %")


def _statistic(stat: str, definition: Definition | None) -> Statistic:
    if stat in OWN_UNIT or definition is None:
        return OWN_UNIT.get(stat, ("", _number))
    amount = partial(sentences.amount, definition)
    level = partial(_a_day, amount) if definition.combine == SUM else amount
    known: dict[str, Statistic] = {
        "level_28": ("", level),
        "level_7": (" over 7 days", level),
        "level_90": (" over 90 days", level),
        "usual": (", the accounts' own past", level),
        "last": (", newest value", amount),
        "worst_7": (", worst day of seven", amount),
        "slope": (", trend over four weeks", partial(_signed_a_day, amount)),
    }
    return known[stat]


def _a_day(amount: Callable[[float], str], value: float) -> str:
    return f"{amount(value)} a day"


def _signed_a_day(amount: Callable[[float], str], value: float) -> str:
    return f"{'-' if value < 0 else '+'}{amount(abs(value))} a day"


def _spreads(value: float) -> str:
    return f"{value:+.1f} times the own past's spread"


def _days(value: float) -> str:
    return "1 day" if round(value) == 1 else f"{round(value)} days"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 100 else f"{value:.1f}"


def _in_28_days(a_day: float) -> str:
    return f"{a_day * 28:.2f} in 28 days"


def _hundredths(value: float) -> str:
    return f"{value:.2f}"


def _chance(log_odds: float) -> str:
    return percent(1 / (1 + math.exp(-log_odds)))


# Statistics whose unit is not the metric's.
OWN_UNIT: dict[str, Statistic] = {
    "age": (", age of the newest value", _days),
    "count_7": (", number in 7 days", _number),
    "count_28": (", number in 28 days", _number),
    "count_90": (", number in 90 days", _number),
    "change_7": (", last 7 days against the own past", _spreads),
    "change_28": (", last 28 days against the own past", _spreads),
    "off_28": (", share of days off target", percent),
    "days_since": (", time since the last one", _days),
    "rate": (", usual rate", _in_28_days),
    "expected": (", complaints to expect of it", _hundredths),
    "odds": (", chance that it brings a complaint", _chance),
    "worst": (", highest chance of one item", percent),
    "live": (", number of items", _number),
    "alike": (", number like those that ended in complaints", _number),
    "oldest": (", age of the oldest of these", _days),
}
