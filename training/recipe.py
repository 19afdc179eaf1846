"""The recipe of a model: everything that was chosen, so that the same rows and seed give the same model."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from service.scoring.features import Column
from training.choice import Regression


@dataclass(frozen=True)
class Recipe:
    """What the folds chose. `share` is the linear part's; `slope` and `shift` calibrate.

    `folds`: each fold's weeks and losses, for the card.
    """

    columns: tuple[Column, ...]
    regression: Regression
    trees: int
    share: float
    slope: float
    shift: float
    seed: int
    why: str
    dropped: tuple[str, ...]
    folds: tuple[Mapping[str, Any], ...] = ()

    def as_card(self) -> dict[str, object]:
        facts = asdict(self)
        del facts["columns"]
        return facts | {"dropped": list(self.dropped), "folds": list(self.folds)}
