"""Whether what has moved matters: how precise alerts at the line can still be expected to be. Pure.

Features always move. What counts is what the move does to alerts, and that can be estimated before any outcome is
known, because a risk is a sum of what each group of features adds to it:

- A group that moved (PSI) pushes all risks by so much more than when the model was trained. Until outcomes say
  otherwise the push is held to be one of measurement, not of the world: the accounts over the line are then as likely
  to complain as their risks say without the push. A group without weight in the model pushes nothing.
- A group whose values stopped coming tells accounts apart no more. Then as many alerts as before, worked from the top
  of the list, are as likely right as those risks say.

Outcomes settle it: where the accounts over the line did complain as promised while the push was on, it was real, and
only what was pushed since is doubted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.scoring.features import ACCOUNT, COMPLAINTS
from service.scoring.trained import Blend, sigmoid
from service.watching import psi, rules

Numbers = NDArray[np.float64]

# What a group must have told accounts apart by, in log-odds, to be missed when it stops coming.
LOST_SPREAD = 0.1
# Groups that no system of the company measures.
OWN = frozenset({COMPLAINTS, ACCOUNT})
# Statistics in the metric's own unit, in the order in which they tell most.
SPOKEN = ("level_28", "level_7", "last", "usual", "level_90", "worst_7")
# Account-outcomes over the line that weigh as much as the card's own test.
BELIEF = 20.0


@dataclass(frozen=True)
class Promise:
    """What the card says of a line: the share of accounts over it, of them those that complained, their mean risk."""

    flagged: float
    right: float
    said: float


@dataclass(frozen=True)
class Evidence:
    """What became of the accounts over the line: how many outcomes, hits, mean risk, the push in those days."""

    outcomes: float
    hits: float
    said: float
    push: float


def promise(card: Mapping[str, Any], line: float) -> Promise | None:
    """The card's promise for a line, between the lines that it tells of; None for a card that tells none."""
    told = card.get("reference", {}).get("lines", [])
    if not told:
        return None
    known = sorted(told, key=lambda each: each["line"])
    lines = [each["line"] for each in known]
    found = {name: float(np.interp(line, lines, [each[name] for each in known])) for name in Promise.__annotations__}
    return Promise(**found)


def index(card: Mapping[str, Any], columns: Sequence[str], values: NDArray[np.float32]) -> dict[str, float]:
    """PSI of each feature that the card tells of.

    Training looks at midnight, this at another hour: an age that differs by less than a day has not moved.
    """
    then = card.get("reference", {}).get("features", {})
    found = {}
    for place, name in enumerate(columns):
        if name in then:
            same = _same_age(card, name, values[:, place])
            found[name] = 0.0 if same else round(psi.index(then[name], values[:, place]), 4)
    return found


def _same_age(card: Mapping[str, Any], name: str, values: NDArray[np.float32]) -> bool:
    group, _, stat = name.rpartition(":")
    was = card.get("typical", {}).get(group, {}).get(stat)
    known = values[~np.isnan(values)]
    return stat == "age" and was is not None and len(known) > 0 and abs(float(np.median(known)) - was) < 1


def groups(
    card: Mapping[str, Any], blend: Blend, values: NDArray[np.float32], weights: Numbers, found: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Each group of features as it is and as it was, those that moved most first.

    The age of the accounts is left out: they grow older, and that is no news.
    """
    then = card.get("reference", {})
    if not then:
        return []
    told = []
    for place, (name, members) in enumerate(zip(blend.groups, blend.members, strict=True)):
        if name == ACCOUNT:
            continue
        most = max(found.get(blend.columns[each], 0.0) for each in members)
        column = _telling(blend, members, found, most)
        lacking = [
            (float(np.isnan(values[:, each]).mean()), psi.missing_then(then["features"][blend.columns[each]]))
            for each in members
        ]
        # No complaint yet is no gap in the data.
        nothing = (0.0, 0.0)
        missing, missing_was = nothing if name in OWN else max(lacking, key=lambda pair: pair[0] - pair[1])
        told.append(
            {
                "group": name,
                "psi": most,
                "push": round(float(weights[:, place].mean()) - then["push"][name], 4),
                "spread": then["spread"][name],
                "missing": round(missing, 4),
                "missing_was": round(missing_was, 4),
                "column": blend.columns[column],
                "levels": levels(values[:, column]),
                "levels_were": _levels_then(card, blend.columns[column]),
                "over": psi.over(then["features"][blend.columns[column]], values[:, column]),
            }
        )
    return sorted(told, key=lambda each: -each["psi"])


def _telling(blend: Blend, members: Sequence[int], found: Mapping[str, float], most: float) -> int:
    """The feature to speak of: one in the metric's own unit if it moved nearly as much as the one that moved most."""
    near = (each for each in members if found.get(blend.columns[each], 0.0) >= most / 2)
    moved = {blend.columns[each].rpartition(":")[2]: each for each in near}
    return next((moved[stat] for stat in SPOKEN if stat in moved), next(iter(moved.values()), members[0]))


def levels(values: NDArray[np.float32]) -> list[float] | None:
    """Median and ninth decile of the known values: what is typical, and what one account in ten exceeds."""
    known = values[~np.isnan(values)]
    return [float(f"{level:.6g}") for level in np.quantile(known, (0.5, 0.9))] if len(known) else None


def _levels_then(card: Mapping[str, Any], column: str) -> list[float] | None:
    group, _, stat = column.rpartition(":")
    typical = card.get("typical", {}).get(group, {}).get(stat)
    edges = card["reference"]["features"][column]["edges"]
    return None if typical is None or not edges else [float(f"{typical:.6g}"), edges[-1]]


def lost(group: Mapping[str, Any]) -> bool:
    """Whether a group that told accounts apart has stopped coming."""
    return bool(group["missing"] - group["missing_was"] >= rules.MUCH_MISSING and group["spread"] >= LOST_SPREAD)


def push(found: Sequence[Mapping[str, Any]]) -> float:
    """What the groups that moved add to the log-odds of the average account, beyond what they did in training.

    Complaints and the age of the accounts are not measured by anybody's system: they are what they are.
    """
    return float(
        sum(group["push"] for group in found if rules.has_moved(group) and group["group"] not in {COMPLAINTS, ACCOUNT})
    )


def expected(
    risk: Numbers, line: float, found: Sequence[Mapping[str, Any]], promised: Promise, lived: Evidence | None
) -> tuple[float | None, int]:
    """The share of alerts that are likely to be right, and how many accounts of the sample that stands on."""
    shift, known_push = _calibration(promised, lived)
    estimates = []
    over = risk[risk >= line]
    if len(over):
        estimates.append((_mean(over, shift - (push(found) - known_push)), len(over)))
    if any(lost(group) for group in found):
        top = np.sort(risk)[::-1][: max(1, round(promised.flagged * len(risk)))]
        estimates.append((_mean(top, shift), len(top)))
    return min(estimates, default=(None, 0))


def _calibration(promised: Promise, lived: Evidence | None) -> tuple[float, float]:
    """By how much log-odds over the line are off, as tested and as lived, and the push that is part of that."""
    tested = _log_odds(promised.right) - _log_odds(promised.said)
    if lived is None or lived.outcomes <= 0:
        return tested, 0.0
    believed = lived.outcomes / (lived.outcomes + BELIEF)
    share = (lived.hits + 0.5) / (lived.outcomes + 1)
    seen = _log_odds(share) - _log_odds(lived.said)
    return (1 - believed) * tested + believed * seen, believed * lived.push


def _mean(risk: Numbers, shift: float) -> float:
    return float(sigmoid(_log_odds(risk) + shift).mean())


def _log_odds(share: Any) -> Any:
    bounded = np.clip(share, 1e-4, 1 - 1e-4)
    return np.log(bounded / (1 - bounded))
