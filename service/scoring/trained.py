"""A trained model at work: risk, and what each group adds to it, exact to the last digits.

The model is a blend of a linear part and boosted trees, mixed in log-odds; both say what each group adds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.scoring import heads
from service.scoring.definitions import Definition
from service.scoring.features import Features
from service.scoring.heads import Head
from service.scoring.items import ItemModel
from service.scoring.judgement import Judgement
from service.scoring.linear import Linear
from service.scoring.past import Prior
from service.scoring.trees import Trees
from service.scoring.unusual import Counts, Numbers


@dataclass(frozen=True)
class Blend:
    """The numbers of a model. `columns` and `groups` are names; `members` are the columns of each group.

    `share` is the linear part's, in [0, 1]; `centre` what each group adds at an average account, before calibration.
    `slope` and `shift` calibrate: log-odds = slope * raw + shift. `head` says how likely several complaints are.
    """

    columns: tuple[str, ...]
    groups: tuple[str, ...]
    members: tuple[tuple[int, ...], ...]
    linear: Linear | None
    trees: Trees | None
    share: float
    centre: Numbers
    slope: float = 1.0
    shift: float = 0.0
    head: Head | None = None

    def contributions(self, values: NDArray[Any]) -> Numbers:
        """What each group adds to the raw log-odds; shape (rows, groups), not yet centred."""
        found = np.zeros((len(values), len(self.groups)))
        if self.linear is not None and self.share > 0:
            found += self.share * self.linear.contributions(values, self.members)
        if self.trees is not None and self.share < 1:
            found += (1 - self.share) * self.trees.contributions(values, len(self.groups))
        return found

    @property
    def base(self) -> float:
        """The raw log-odds before any group has spoken."""
        linear = self.linear.intercept if self.linear is not None else 0.0
        trees = self.trees.base if self.trees is not None else 0.0
        return self.share * linear + (1 - self.share) * trees

    def weigh(self, values: NDArray[Any]) -> tuple[Numbers, float]:
        """Calibrated weights of the groups against an average account, and that account's log-odds."""
        weights = self.slope * (self.contributions(values) - self.centre)
        return weights, self.slope * (self.base + float(self.centre.sum())) + self.shift

    def log_odds(self, values: NDArray[Any]) -> Numbers:
        """Calibrated log-odds of a complaint within the horizon."""
        weights, average = self.weigh(values)
        return np.asarray(weights.sum(axis=1) + average)

    def risk(self, values: NDArray[Any]) -> Numbers:
        """Probability of a complaint within the horizon."""
        return sigmoid(self.log_odds(values))

    def chance(self, values: NDArray[Any], risk: Numbers, least: Counts) -> Numbers:
        """Probability of at least so many complaints, where `risk` is that of one."""
        return heads.chance(self.head, values, risk, least)


@dataclass(frozen=True)
class TrainedScorer:
    """A verified model with what its card says of features and portfolio."""

    version: str
    blend: Blend
    definitions: Sequence[Definition]
    prior: Prior
    typical: Mapping[str, Mapping[str, float]]
    items: ItemModel | None = None

    def judge(self, features: Features) -> Judgement:
        """Risk and weights of each row."""
        values = self._values(features)
        weights, average = self.blend.weigh(values)
        return Judgement(sigmoid(weights.sum(axis=1) + average), weights, self.blend.groups)

    def chance(self, features: Features, judgement: Judgement, least: Counts) -> Numbers:
        """Probability of at least so many complaints, for each row that was judged."""
        return self.blend.chance(self._values(features), judgement.risk, least)

    def shifted(self, by: float) -> "TrainedScorer":
        """The same with `by` added to all log-odds."""
        return replace(self, blend=replace(self.blend, shift=self.blend.shift + by))

    def _values(self, features: Features) -> NDArray[np.float32]:
        place = {column.name: index for index, column in enumerate(features.columns)}
        return features.values[:, [place[name] for name in self.blend.columns]]


def sigmoid(log_odds: Numbers) -> Numbers:
    """Probability of log-odds, without overflow."""
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -500, 500))))
