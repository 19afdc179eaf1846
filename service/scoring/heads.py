"""How likely several complaints are, by trees that were grown on that question.

The risk says how likely one complaint is. Several follow from it as if they came singly, like a Poisson count of the
same chance of none; but complaints breed complaints, and the more so on some accounts. So boosted trees are asked as
well, with how many are meant and the account's volume as two more columns, and the two answers are mixed half and half
in log-odds. The risk itself stays what it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from service.scoring import unusual
from service.scoring.trees import Trees
from service.scoring.unusual import Counts, Numbers

SHARE = 0.5
LEAST = 1e-12


@dataclass(frozen=True)
class Head:
    """`volume`: places of the columns that add up to an account's volume. The columns are those of the risk's model."""

    trees: Trees
    volume: tuple[int, ...]

    def chance(self, values: NDArray[Any], risk: Numbers, least: Counts) -> Numbers:
        """Probability of at least so many complaints within the horizon; never above that of one, which is the risk."""
        found, several = np.array(risk, np.float64), np.flatnonzero(least > 1)
        counted = np.clip(unusual.chance(risk[several], least[several]), LEAST, 1 - LEAST)
        grown = self.log_odds(values[several], least[several])
        found[several] = np.minimum(expit(SHARE * grown + (1 - SHARE) * logit(counted)), risk[several])
        return found

    def log_odds(self, values: NDArray[Any], least: Counts) -> Numbers:
        """What the trees alone say."""
        found = self.trees.contributions(asked(values, least, self.volume), 1)
        return np.asarray(found[:, 0] + self.trees.base)

    def as_arrays(self) -> dict[str, Any]:
        """For the artefact."""
        return {"trees": self.trees.as_arrays(), "volume": np.array(self.volume, np.int32)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> Self:
        return cls(Trees.from_arrays(arrays["trees"]), tuple(arrays["volume"].tolist()))


def asked(values: NDArray[Any], least: Counts, volume: tuple[int, ...]) -> NDArray[np.float32]:
    """The columns of the trees: those of the risk's model, how many complaints are meant, the volume."""
    total = np.nansum(values[:, list(volume)], axis=1) if volume else np.zeros(len(values))
    return np.column_stack([values, least, total]).astype(np.float32)


def chance(head: Head | None, values: NDArray[Any], risk: Numbers, least: Counts) -> Numbers:
    """Probability of at least so many complaints, with or without a head."""
    return unusual.chance(risk, least) if head is None else head.chance(values, risk, least)
