"""The boosted part of a model, as plain arrays.

scikit-learn grows the trees; what they learned is a few thousand numbers, so those are kept and walked here. That
makes reasons exact: a path through a tree may only ask about one group of features (and the account's volume), so
each leaf speaks for one group, and the sum of its leaves is what a group adds. It also makes a stored model
independent of scikit-learn's version, with no class in the file that would have to be trusted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Places = NDArray[np.int32]
# Rows walked at once: keeps the walk's tables within a few megabytes.
ROWS = 2_048


@dataclass(frozen=True)
class Trees:
    """Nodes of all trees, one after another. `roots`: each tree's first node. A leaf leads to itself.

    `feature`, `threshold`, `left`, `right`, `gap_left` (where a missing value goes): shape (nodes,). `value`: log-odds
    of a leaf, `group`: whom it speaks for (-1: for nobody, a tree that never split). `base`: log-odds before any tree.
    """

    roots: Places
    feature: Places
    threshold: Numbers
    left: Places
    right: Places
    gap_left: NDArray[np.bool_]
    value: Numbers
    group: Places
    depth: int
    base: float

    def contributions(self, values: NDArray[Any], groups: int) -> Numbers:
        """What each group adds to the log-odds; shape (rows, groups)."""
        pieces = [self._walk(values[start : start + ROWS], groups) for start in range(0, len(values), ROWS)]
        return np.concatenate(pieces) if pieces else np.zeros((0, groups))

    def _walk(self, values: NDArray[Any], groups: int) -> Numbers:
        numbers = np.asarray(values, np.float64)
        rows = np.arange(len(numbers))[:, None]
        at = np.broadcast_to(self.roots, (len(numbers), len(self.roots)))
        for _ in range(self.depth):
            asked = numbers[rows, self.feature[at]]
            # A comparison with NaN is false, so the missing ones are sent on their own.
            to_left = (asked <= self.threshold[at]) | (np.isnan(asked) & self.gap_left[at])
            at = np.where(to_left, self.left[at], self.right[at])
        place = rows * (groups + 1) + self.group[at] + 1
        sums: Any = np.bincount(place.ravel(), self.value[at].ravel(), len(numbers) * (groups + 1))
        return np.asarray(sums, np.float64).reshape(len(numbers), groups + 1)[:, 1:]

    def as_arrays(self) -> dict[str, Any]:
        """For the artefact."""
        return {**vars(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> Self:
        return cls(**arrays)
