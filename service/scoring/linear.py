"""The linear part of a model: a regularised logistic regression that never rewards a worse metric."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
# Standard deviations beyond which a value says nothing more: one wild number must not decide a risk.
LIMIT = 8.0


def squeeze(values: NDArray[Any]) -> Numbers:
    """Pull in long tails, keeping order and sign: sign(x) log(1 + |x|)."""
    numbers = np.asarray(values, np.float64)
    return np.copysign(np.log1p(np.abs(numbers)), numbers)


@dataclass(frozen=True)
class Linear:
    """`center`, `scale`, `weights`: one number a column. `gaps`: what a missing value adds instead."""

    center: Numbers
    scale: Numbers
    weights: Numbers
    gaps: Numbers
    intercept: float

    def contributions(self, values: NDArray[Any], members: Sequence[Sequence[int]]) -> Numbers:
        """What each group of columns adds to the log-odds; shape (rows, groups). Columns of no group add nothing."""
        gap = np.isnan(values)
        parts = standardised(values, self.center, self.scale) * self.weights + gap * self.gaps
        return np.column_stack([parts[:, list(group)].sum(axis=1) for group in members])

    def as_arrays(self) -> dict[str, Any]:
        """For the artefact."""
        return {
            "center": self.center,
            "scale": self.scale,
            "weights": self.weights,
            "gaps": self.gaps,
            "intercept": float(self.intercept),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> Self:
        return cls(**arrays)


def standardised(values: NDArray[Any], center: Numbers, scale: Numbers) -> Numbers:
    """Columns with mean 0 and standard deviation 1 over the training rows; missing is 0, the mean."""
    found = squeeze(values)
    found -= center
    found /= scale
    np.clip(found, -LIMIT, LIMIT, out=found)
    found[np.isnan(found)] = 0.0
    return found
