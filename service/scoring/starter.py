"""The starter score: a risk before any model is trained. It is no probability, and says so (model = "starter").

Each metric whose direction is known gives a sign between 0 and 1:

- own past: how far the last 7 days are worse than the account's own level of 28 to 118 days ago, in units of that
  past's spread over days; 4 units and more are 1. Means of few values count for less: times n / (n + 2).
- target: the share of the days of the last 28 on which the target was missed.

The metric's sign is the larger of the two; complaints add one: half of what the last 28 days have above the usual.
The three strongest signs speak: risk = 1 - (1 - 0.55 a)(1 - 0.55 b)(1 - 0.55 c). So one metric at its worst stays
under the starter's alert line of 0.7, two such metrics cross it, and 0.91 is the most. An account younger than
`learning_days` has no own past and is given half of its target signs: an early dip does not cross the line.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models import STARTER
from service.scoring.definitions import MEAN, Definition
from service.scoring.features import ACCOUNT, COMPLAINTS, Features
from service.scoring.judgement import Judgement

ALARM_UNITS = 4.0
STRENGTH = 0.55
SPEAKING = 3
FEW_VALUES = 2.0

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Starter:
    """The starter score of these metrics."""

    definitions: Sequence[Definition]
    learning_days: int

    @property
    def version(self) -> str:
        return STARTER

    @property
    def typical(self) -> dict[str, dict[str, float]]:
        """Nothing is known of the portfolio."""
        return {}

    def judge(self, features: Features) -> Judgement:
        """Risk and weights of each row. A weight is what the risk's log-odds would lose without that sign."""
        directed = [definition for definition in self.definitions if definition.sign]
        young = ~(features.stat(ACCOUNT, "age") >= self.learning_days)
        signs = [np.where(young, _target(features, item) / 2, _sign(features, item)) for item in directed]
        signs.append(np.where(young, 0.0, _complaints(features)))
        table = np.column_stack(signs)
        calm = 1 - STRENGTH * _speaking(table)
        risk = 1 - calm.prod(axis=1)
        without = 1 - calm.prod(axis=1, keepdims=True) / calm
        weights = _log_odds(risk)[:, None] - _log_odds(without)
        return Judgement(risk, weights, (*(definition.key for definition in directed), COMPLAINTS))


def _sign(features: Features, definition: Definition) -> Numbers:
    return np.maximum(_own_past(features, definition), _target(features, definition))


def _own_past(features: Features, definition: Definition) -> Numbers:
    worse = definition.sign * features.stat(definition.key, "change_7") / ALARM_UNITS
    sign = np.nan_to_num(np.clip(worse, 0, 1))
    if definition.combine == MEAN:
        count = np.nan_to_num(features.stat(definition.key, "count_7"))
        sign *= count / (count + FEW_VALUES)
    return sign


def _target(features: Features, definition: Definition) -> Numbers:
    if definition.target is None:
        return np.zeros(len(features.values))
    return np.nan_to_num(features.stat(definition.key, "off_28"))


def _complaints(features: Features) -> Numbers:
    recent, quarter = features.stat(COMPLAINTS, "count_28"), features.stat(COMPLAINTS, "count_90")
    usual = (quarter - recent) * 28 / 62
    return np.clip((recent - usual) / 2, 0, 1)


def _speaking(table: Numbers) -> Numbers:
    """Keep the strongest signs of each row; the first of equals stays, so the same input gives the same score."""
    order = np.argsort(-table, axis=1, kind="stable")
    kept = np.zeros_like(table)
    strongest = order[:, :SPEAKING]
    np.put_along_axis(kept, strongest, np.take_along_axis(table, strongest, axis=1), axis=1)
    return kept


def _log_odds(risk: Numbers) -> Numbers:
    # A risk of 0 has no log-odds; 1 in 50 is what a quiet account is held to be here.
    bounded = np.maximum(risk, 0.02)
    return np.asarray(np.log(bounded / (1 - bounded)))
