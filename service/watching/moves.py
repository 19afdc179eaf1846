"""What has moved, in a sentence with its numbers: how a feature is, and how it was when the model was trained. Pure."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from service.kit.phrases import Phrases
from service.scoring import sentences
from service.scoring.definitions import SUM, Definition
from service.scoring.features import COMPLAINTS
from service.scoring.items import ITEMS
from service.watching import rules
from service.watching.phrasebook import OURS

NAMES = {COMPLAINTS: "complaints", ITEMS: "items"}
# Where in the levels, and who has them.
PLACES = ((0, "typical"), (1, "tenth"))

Write = Callable[[float], str]


def told(
    groups: Sequence[Mapping[str, Any]], definitions: Mapping[str, Definition], words: Phrases = OURS
) -> list[str]:
    """A sentence each, what pushes alerts most first."""
    ranked = sorted(groups, key=lambda each: (-abs(each["push"]), -each["psi"]))
    return [sentence(each, definitions, words) for each in ranked]


def sentence(group: Mapping[str, Any], definitions: Mapping[str, Definition], words: Phrases = OURS) -> str:
    """How a group of features is, and how it was."""
    definition = definitions.get(group["group"])
    label = definition.label if definition else _name(group["group"], words)
    if group["missing"] - group["missing_was"] >= rules.MUCH_MISSING:
        now, before = percent(group["missing"]), percent(group["missing_was"])
        return words.say("missing_more", label=label, now=now, before=before)
    statistic = group["column"].rpartition(":")[2]
    write, about = _writes(statistic, definition, words), {"label": label, "statistic": statistic}
    levels, were = group["levels"], group["levels_were"]
    if levels is not None and were is not None:
        for place, at in PLACES:
            here, there = write(levels[place]), write(were[place])
            if here != there:
                return words.say("level_moved", **about, at=at, now=here, before=there)
    if group.get("over") is None:
        return words.say("spread_moved", **about)
    edge, share, share_was = group["over"]
    return words.say("more_over", **about, edge=write(edge), now=percent(share), before=percent(share_was))


def _name(group: str, words: Phrases) -> str:
    return words.say(NAMES[group]) if group in NAMES else group


def percent(share: float) -> str:
    """A share as people write it."""
    return f"{share:.0%}".replace("%", " %")


def _writes(statistic: str, definition: Definition | None, words: Phrases) -> Write:
    """How a statistic's values are written, with their unit."""
    if definition is None or statistic in OWN_UNIT:
        return partial(OWN_UNIT.get(statistic, _number), words)
    amount = partial(sentences.amount, definition)
    if statistic == "slope":
        return lambda value: words.say("a_day", amount=f"{'-' if value < 0 else '+'}{amount(abs(value))}")
    if definition.combine == SUM and statistic in LEVELS:
        return lambda value: words.say("a_day", amount=amount(value))
    return amount


def _spreads(words: Phrases, value: float) -> str:
    return words.say("spreads", number=f"{value:+.1f}")


def _days(words: Phrases, value: float) -> str:
    return words.say("days", number=round(value))


def _in_28_days(words: Phrases, a_day: float) -> str:
    return words.say("in_28_days", number=f"{a_day * 28:.2f}")


def _number(_words: Phrases, value: float) -> str:
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 100 else f"{value:.1f}"


def _hundredths(_words: Phrases, value: float) -> str:
    return f"{value:.2f}"


def _chance(_words: Phrases, log_odds: float) -> str:
    return percent(1 / (1 + math.exp(-log_odds)))


def _share(_words: Phrases, value: float) -> str:
    return percent(value)


LEVELS = {"level_7", "level_28", "level_90", "usual"}
# Statistics whose unit is not the metric's.
OWN_UNIT: dict[str, Callable[[Phrases, float], str]] = {
    "age": _days,
    "count_7": _number,
    "count_28": _number,
    "count_90": _number,
    "change_7": _spreads,
    "change_28": _spreads,
    "off_28": _share,
    "days_since": _days,
    "rate": _in_28_days,
    "expected": _hundredths,
    "odds": _chance,
    "worst": _share,
    "live": _number,
    "alike": _number,
    "oldest": _days,
}
