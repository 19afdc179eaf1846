"""Whether a model may speak: what its card says of its test, and what was seen of it in the shadow. Pure.

The files themselves are looked at when they are read (service/scoring/artifact.py). Here a model is sound, and the
question is whether it is any good: its test weeks are held against its baselines, and where it ran beside the model
that speaks, against that one.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from models import Verdict

# Of the best baseline's average precision: below it a simple rule does the work better.
LEAST_OF_BEST = 0.97
# Said and came may be apart by this share of what came, and by what chance does (in standard deviations).
LEAST_SHIFT, MOST_SHIFT, Z = 0.02, 0.25, 3.0
# Risks closer together than that are one risk.
LEAST_SPREAD = 1e-6


def objections(card: Mapping[str, Any], verdict: Verdict | None) -> list[str]:
    """What speaks against a model, a sentence each. What its card does not tell is not held against it."""
    return [*_of_numbers(card), *_of_test(card), *_of_shadow(verdict)]


def _of_numbers(card: Mapping[str, Any]) -> Iterator[str]:
    risks = card.get("golden", {}).get("risk", [])
    if any(risk is None or not math.isfinite(risk) for risk in risks):
        yield "some of its risks are no numbers"
    elif len(risks) > 1 and max(risks) - min(risks) < LEAST_SPREAD:
        yield f"it gives every account the same risk of {risks[0]:.1%}"


def _of_test(card: Mapping[str, Any]) -> Iterator[str]:
    measures = card.get("measures", {})
    own = measures.get("model", {}).get("average_precision")
    if own is not None and not math.isfinite(own):
        yield "its test gave no number"
        return
    rivals = {name: row.get("average_precision") for name, row in measures.get("baselines", {}).items()}
    known = [(value, name) for name, value in rivals.items() if value is not None]
    if own is not None and known and own < LEAST_OF_BEST * max(known)[0]:
        value, name = max(known)
        yield f"on its test the baseline {name} ranks better (average precision {value:.3f} against {own:.3f})"
    if tested := card.get("tested"):
        yield from _of_level(tested)


def _of_level(tested: Mapping[str, Any]) -> Iterator[str]:
    """Each account counts as one witness: its weeks are much alike."""
    said, came = tested["said"], tested["came"]
    if not math.isfinite(said):
        yield "its test gave no number"
        return
    chance = Z * math.sqrt(max(said * (1 - said), came * (1 - came)) / tested["accounts"])
    if abs(said - came) > max(LEAST_SHIFT, MOST_SHIFT * came, chance):
        yield f"on its test it said {said:.1%} on average where {came:.1%} complained"


def _of_shadow(verdict: Verdict | None) -> Iterator[str]:
    if verdict is Verdict.WORSE:
        yield "in the shadow it did worse than the model that speaks"
