"""What is said about a model: plain words first, numbers with them. Pure."""

import math
from collections.abc import Mapping
from typing import Any

from models import STARTER, Comparison, Verdict, WatchDay
from service.kit.phrases import Phrases
from service.scoring.definitions import Definition
from service.watching import moves, rules
from service.watching.moves import percent
from service.watching.phrasebook import OURS
from service.watching.rules import Span

TITLE = "Alerts are likely to be right less often than they were"
LEVEL_TITLE = "Risks are no longer what comes true"
NO_CHANGE = 0.01
# Groups that are worth a sentence, at most.
SAID = 3


def loss(
    day: WatchDay,
    lived: Span | None,
    how: str,
    horizon_days: int,
    definitions: Mapping[str, Definition],
    *,
    words: Phrases = OURS,
) -> list[str]:
    """Why people are called: what moved, what it does to alerts, what to do."""
    assert day.promised is not None
    promised = percent(day.promised)
    if how == "lived" and lived is not None and lived.right is not None:
        facts = {"days": horizon_days, "first": lived.first, "last": lived.last, "promised": promised}
        told = words.say("right_less_often", right=percent(lived.right), **facts)
    else:
        expected = percent(day.expected or 0)
        told = words.say("right_less_often_soon", expected=expected, days=horizon_days, promised=promised)
    shifted = [each for each in day.groups if rules.has_moved(each) and (each["push"] or each["spread"])]
    return [told, *moves.told(shifted, definitions, words)[:SAID], words.say("advice")]


def off_level(lived: Span, horizon_days: int, words: Phrases = OURS) -> list[str]:
    """Why people are called though the alerts are as right as they were: the risks are too high, or too low."""
    assert lived.said is not None
    assert lived.complained is not None
    said, came = (f"{share:.1%}".replace("%", " %") for share in (lived.said, lived.complained))
    facts = {"days": horizon_days, "first": lived.first, "last": lived.last, "low": lived.complained > lived.said}
    return [words.say("off_level", said=said, came=came, **facts), words.say("off_level_means"), words.say("advice")]


def level(shift: float) -> str | None:
    """How outcomes have moved all risks since the training; None where it is less than one in a hundred."""
    change = math.expm1(shift)
    if abs(change) < NO_CHANGE:
        return None
    way = "raises" if change > 0 else "lowers"
    return f"What came since its training {way} the odds of all risks by {percent(abs(change))}."


def left_out(lived: Span) -> str:
    """Whom the figures of what was lived leave out."""
    if not lived.acted_on:
        return "Operations acted on no account, so all of them are counted."
    return (
        f"{lived.acted_on / lived.days:.1f} accounts a day are left out, since operations acted on them: who was "
        "helped and stayed quiet is no false alarm."
    )


def refused(why: str, instead: str, words: Phrases = OURS) -> list[str]:
    """Why the promoted model does not speak, who does, and what to do."""
    speaks = words.say("speaks_instead", instead="" if instead == STARTER else instead)
    return [why, speaks, words.say("bring_back")]


def proposal(found: Comparison) -> str:
    """What the comparison of a candidate with the speaking model comes to, in a sentence or two."""
    evidence, name = found.evidence, found.candidate
    if found.verdict is Verdict.WAITING:
        ready = f"; a verdict comes about {evidence['ready_on']}" if "ready_on" in evidence else ""
        return f"{name} runs in the shadow: {evidence['why']}{ready}."
    told = {
        Verdict.BETTER: f"{name} should speak: {evidence['why']}.",
        Verdict.SAME: f"{name} makes no difference that can be shown: {evidence['why']}.",
        Verdict.WORSE: f"{name} should not speak: {evidence['why']}.",
    }[found.verdict]
    return f"{told} {_numbers(evidence)}"


def _numbers(evidence: Mapping[str, Any]) -> str:
    own, other = evidence["average_precision"]
    precision = f"Average precision {_number(own)} against {_number(other)}"
    if evidence["basis"] == "backtest":
        return f"{precision} of the best simple rule."
    _, low, high = evidence["average_precision_gain"]
    right, right_other = evidence["right"]
    looks = f"; with as many looks {percent(right)} right against {percent(right_other)}" if right is not None else ""
    within = f" (gain {low:+.3f} to {high:+.3f})" if low is not None else ""
    return (
        f"{precision}{within}{looks}, on {evidence['days']} days of {evidence['accounts']:,} accounts: "
        f"{evidence['complained']:,} times a complaint followed."
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
