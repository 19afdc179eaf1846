"""Choose what is said about a score, and what is missing from it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from service.scoring import sentences
from service.scoring.definitions import LAST, SUM, Definition
from service.scoring.features import ACCOUNT, COMPLAINTS
from service.scoring.judgement import Judgement
from service.scoring.windows import PAST_FROM

MOST_UP, MOST_DOWN = 4, 2
# Log-odds below which a group did not matter: it moves a risk of 50 % by two points.
LEAST_WEIGHT = 0.08

Stats = Mapping[str, Mapping[str, float]]


def of_row(
    judgement: Judgement, row: int, stats: Stats, typical: Stats, definitions: Sequence[Definition]
) -> list[dict[str, Any]]:
    """Name what raises the risk, the strongest first, then what lowers it; only where numbers show it."""
    known = {definition.key: definition for definition in definitions}
    found: dict[str, list[dict[str, Any]]] = {"up": [], "down": []}
    weighed = zip(judgement.groups, judgement.weights[row].tolist(), strict=True)
    for group, weight in sorted(weighed, key=lambda pair: (-abs(pair[1]), pair[0])):
        direction = "up" if weight > 0 else "down"
        full = len(found[direction]) >= (MOST_UP if direction == "up" else MOST_DOWN)
        if full or abs(weight) < LEAST_WEIGHT:
            continue
        sentence = _sentence(group, direction, stats, typical, known)
        if sentence:
            reason = {"metric": group, "direction": direction, "weight": round(weight, 3), "sentence": sentence}
            found[direction].append(reason)
    return [*found["up"], *found["down"]]


def _sentence(group: str, direction: str, stats: Stats, typical: Stats, known: Mapping[str, Definition]) -> str | None:
    if group == COMPLAINTS:
        return sentences.of_complaints(stats[group], direction)
    if group == ACCOUNT:
        return sentences.of_account(stats[group], direction)
    return sentences.of_metric(sentences.Subject(known[group], stats[group], typical.get(group, {})), direction)


def missing(stats: Stats, definitions: Sequence[Definition]) -> list[str]:
    """Metrics that the account used to have and that have no value in the last 28 days.

    Totals are left out, since nothing to count is no gap; so are gauges that ended at zero.
    """
    return [
        definition.key
        for definition in definitions
        if definition.combine != SUM
        and not math.isnan(stats[definition.key]["age"])
        and stats[definition.key]["age"] >= PAST_FROM
        and not (definition.combine == LAST and stats[definition.key]["last"] == 0)
    ]
