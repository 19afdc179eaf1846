"""What a score says: the risk of each account, and what each group of features adds to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from service.scoring.features import Features


@dataclass(frozen=True)
class Judgement:
    """`risk`: shape (rows,), in [0, 1]. `weights`: shape (rows, groups), in log-odds; positive raises the risk."""

    risk: NDArray[np.float64]
    weights: NDArray[np.float64]
    groups: tuple[str, ...]


class Scorer(Protocol):
    """The starter score or a trained model."""

    @property
    def version(self) -> str: ...

    @property
    def typical(self) -> Mapping[str, Mapping[str, float]]:
        """Group → stat → its median over the portfolio."""

    def judge(self, features: Features) -> Judgement: ...
