"""Choose what is said about a score, in which order, and what is missing from it.

Weights are the model's, exact, and are never changed here. What is said *first* is a choice: large accounts nearly
always complain a little, so volume often weighs most, and tells a rep nothing new. So a change for the worse (against
the account's own past, or a missed target) is said before a level that is only unlike a typical account, and that
before what merely describes the account; within each kind the heaviest first. What weighs little against the heaviest
is not lifted over it, and the heaviest is never left out.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from service.kit.phrases import Phrases
from service.scoring import sentences
from service.scoring.definitions import LAST, SUM, Definition
from service.scoring.features import ACCOUNT, COMPLAINTS
from service.scoring.items import ITEMS
from service.scoring.judgement import Judgement
from service.scoring.phrasebook import OURS
from service.scoring.sentences import KINDS, Said
from service.scoring.windows import PAST_FROM

MOST_UP, MOST_DOWN = 4, 2
# Log-odds below which a group did not matter: it moves a risk of 50 % by two points.
LEAST_WEIGHT = 0.08
# Of the heaviest weight: what a reason must have to be said before heavier ones of another kind.
FAIR_SHARE = 0.2

Stats = Mapping[str, Mapping[str, float]]


def of_row(
    judgement: Judgement,
    row: int,
    stats: Stats,
    typical: Stats,
    definitions: Sequence[Definition],
    *,
    carrying: Sequence[str] = (),
    words: Phrases = OURS,
) -> list[dict[str, Any]]:
    """Name what raises the risk, then what lowers it; only where numbers show it. `carrying`: metrics with items."""
    known = {definition.key: definition for definition in definitions}
    word = sentences.word_of_items(known[key] for key in carrying if key in known)
    describing = {ACCOUNT, *(key for key, definition in known.items() if not definition.sign)}
    weighed = list(zip(judgement.weights[row].tolist(), judgement.groups, strict=True))

    def told(direction: str, by_weight: Iterable[tuple[float, str]], most: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        clarity: dict[str, float] = {}
        for weight, group in by_weight:
            least = FAIR_SHARE * abs(found[0]["weight"]) if len(found) >= most else LEAST_WEIGHT
            if abs(weight) < max(least, LEAST_WEIGHT):
                break
            if len(found) >= most and group in describing:
                continue
            said = _said(group, direction, stats, typical, known, word=word, words=words)
            if said:
                reason = {"metric": group, "direction": direction, "kind": said.kind, "weight": round(weight, 3)}
                found.append(reason | {"sentence": said.sentence})
                clarity[group] = said.clarity
        return _in_order(found, clarity, most)

    up = sorted((pair for pair in weighed if pair[0] > 0), key=lambda pair: (-pair[0], pair[1]))
    down = sorted(pair for pair in weighed if pair[0] < 0)
    return [*told("up", up, MOST_UP), *told("down", down, MOST_DOWN)]


def _in_order(by_weight: list[dict[str, Any]], clarity: Mapping[str, float], most: int) -> list[dict[str, Any]]:
    """The reasons to tell, in the order to tell them."""
    if not by_weight:
        return []
    fair = FAIR_SHARE * abs(by_weight[0]["weight"])

    def place(reason: Mapping[str, Any]) -> tuple[int, float]:
        weight = abs(reason["weight"])
        return KINDS.index(reason["kind"]) if weight >= fair else len(KINDS), -weight * clarity[reason["metric"]]

    told = sorted(by_weight, key=place)[:most]
    return told if by_weight[0] in told else [*told[:-1], by_weight[0]]


def _said(
    group: str,
    direction: str,
    stats: Stats,
    typical: Stats,
    known: Mapping[str, Definition],
    *,
    word: str,
    words: Phrases,
) -> Said | None:
    if group == COMPLAINTS:
        return sentences.of_complaints(stats[group], direction, words)
    if group == ACCOUNT:
        return sentences.of_account(stats[group], direction, words)
    if group == ITEMS:
        return sentences.of_items(stats[group], word, direction, words)
    subject = sentences.Subject(known[group], stats[group], typical.get(group, {}), words)
    return sentences.of_metric(subject, direction)


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
