"""The words of the sentences about a risk, and facts to try each with."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from service.kit import phrases
from service.kit.phrases import Phrases

FILE, PACKAGE = "sentences.j2", "service.scoring"


def read(folder: Path | None = None) -> Phrases:
    """The sentences: ours, with a company's own before them where its folder has some."""
    return phrases.read(PACKAGE, FILE, folder)


OURS = read()

LATE = {"label": "Share delivered late", "now": "19 %", "target": "5 %"}
TICKETS = {"label": "Tickets without an answer", "now": "7"}
ITEMS = {"live": 14, "word": "orders"}

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "total_moved": TICKETS | {"days": 7, "usual": "2.5"},
    "mean_moved": LATE | {"before": "4 %", "days": 7},
    "level_moved": TICKETS | {"usual": "1", "target": ""},
    "beside_target": LATE | {"per": "28 days"},
    "beside_others": TICKETS | {"per": "28 days", "usual": "2", "typical": "3"},
    "silent": {"label": "Driver rating", "days": 12},
    "no_complaints": {},
    "complaints": {"number": 2},
    "more_complaints": {"number": 3, "usual": "0.5"},
    "young_account": {"days": 40},
    "old_account": {"months": 26},
    "items": ITEMS,
    "no_items_alike": ITEMS,
    "items_alike": ITEMS | {"alike": 2, "oldest": 9},
}
