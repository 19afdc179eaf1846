"""The words of what leads are told of a model, and facts to try each with."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from service.kit import phrases
from service.kit.phrases import Phrases

FILE, PACKAGE = "watching.j2", "service.watching"


def read(folder: Path | None = None) -> Phrases:
    """The sentences: ours, with a company's own before them where its folder has some."""
    return phrases.read(PACKAGE, FILE, folder)


OURS = read()

LIVED = {"days": 14, "first": date(2026, 2, 2), "last": date(2026, 3, 1)}
MOVED = {"label": "Share delivered late", "statistic": "level_28", "now": "19 %", "before": "4 %"}

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "right_less_often": LIVED | {"right": "28 %", "promised": "45 %"},
    "right_less_often_soon": {"expected": "31 %", "days": 14, "promised": "45 %"},
    "advice": {},
    "off_level": LIVED | {"said": "4.1 %", "came": "7.3 %", "low": True},
    "off_level_means": {},
    "speaks_instead": {"instead": "2026-01-12a"},
    "bring_back": {},
    "missing_more": {"label": "Driver rating", "now": "40 %", "before": "2 %"},
    "level_moved": MOVED | {"at": "typical"},
    "spread_moved": {"label": "Driver rating", "statistic": "usual"},
    "more_over": MOVED | {"edge": "12 %", "now": "30 %", "before": "10 %"},
    "complaints": {},
    "items": {},
    "a_day": {"amount": "45 orders"},
    "spreads": {"number": "+1.5"},
    "days": {"number": 3},
    "in_28_days": {"number": "0.25"},
}
