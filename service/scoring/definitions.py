"""What a metric means to the features: its direction, target, way to combine. Frozen into a model's card."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

LOWER, HIGHER, NEUTRAL = "lower", "higher", "neutral"
SIGNS = {LOWER: 1, HIGHER: -1}
SUM, MEAN, LAST = "sum", "mean", "last"


@dataclass(frozen=True)
class Definition:
    """A metric as the features see it. `id` is its key in this database, `key` its name everywhere."""

    id: int
    key: str
    label: str
    unit: str = ""
    better: str = NEUTRAL
    target: float | None = None
    combine: str = MEAN
    exposure: bool = False

    @property
    def sign(self) -> int:
        """1 where more is worse for the client, -1 where less is, 0 where neither."""
        return SIGNS.get(self.better, 0)

    def as_card(self) -> dict[str, Any]:
        """Everything but the database's own key."""
        return {name: value for name, value in asdict(self).items() if name != "id"}

    @classmethod
    def from_card(cls, facts: Mapping[str, Any], ids: Mapping[str, int]) -> Self:
        """Read a card's definition; a metric that this database does not know gets an id that nothing has."""
        return cls(id=ids.get(facts["key"], -1), **facts)
