"""What is said about a model: plain words first, numbers with them. Pure."""

from collections.abc import Mapping
from typing import Any

from models import STARTER, Comparison, Verdict, WatchDay
from service.scoring.definitions import Definition
from service.watching import moves, rules
from service.watching.moves import percent
from service.watching.rules import Span

TITLE = "Alerts are likely to be right less often than they were"
LEVEL_TITLE = "Risks are no longer what comes true"
ADVICE = (
    "If a system sends other numbers than it did, have it mended: the features follow by themselves. "
    "If the world has changed, train on it: `headsup train`."
)
# Groups that are worth a sentence, at most.
SAID = 3


def loss(
    day: WatchDay, lived: Span | None, how: str, horizon_days: int, definitions: Mapping[str, Definition]
) -> list[str]:
    """Why people are called: what moved, what it does to alerts, what to do."""
    assert day.promised is not None
    was = f"{percent(day.promised)} did on the weeks that the model was tested on"
    if how == "lived" and lived is not None and lived.right is not None:
        told = (
            f"Of the accounts over the line {percent(lived.right)} complained within {horizon_days} days "
            f"({lived.first:%d %b} to {lived.last:%d %b}); {was}."
        )
    else:
        told = (
            f"Of the accounts over the line about {percent(day.expected or 0)} are expected to complain within "
            f"{horizon_days} days, unless outcomes show that the change is real; {was}."
        )
    shifted = [each for each in day.groups if rules.has_moved(each) and (each["push"] or each["spread"])]
    return [told, *moves.told(shifted, definitions)[:SAID], ADVICE]


def off_level(lived: Span, horizon_days: int) -> list[str]:
    """Why people are called though the alerts are as right as they were: the risks are too high, or too low."""
    assert lived.said is not None
    assert lived.complained is not None
    way = "too low" if lived.complained > lived.said else "too high"
    said, came = (f"{share:.1%}".replace("%", " %") for share in (lived.said, lived.complained))
    told = (
        f"The risks said that {said} of the accounts would complain within {horizon_days} days, {came} did "
        f"({lived.first:%d %b} to {lived.last:%d %b}): they are {way}."
    )
    return [
        told,
        "Who stands over whom may still be right; the alert line, and what mails say of the risk, are not.",
        ADVICE,
    ]


def left_out(lived: Span) -> str:
    """Whom the figures of what was lived leave out."""
    if not lived.acted_on:
        return "Operations acted on no account, so all of them are counted."
    return (
        f"{lived.acted_on / lived.days:.1f} accounts a day are left out, since operations acted on them: who was "
        "helped and stayed quiet is no false alarm."
    )


def refused(why: str, instead: str) -> list[str]:
    """Why the promoted model does not speak, who does, and what to do."""
    speaks = "The starter score, which is no trained probability," if instead == STARTER else f"Model {instead}"
    return [
        why,
        f"{speaks} speaks instead: scores and alerts go on.",
        "Bring its files back from a backup, or let another one speak: `headsup rollback`, `headsup train --promote`.",
    ]


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
