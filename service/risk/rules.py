"""What a dashboard may ask, and its answer as CSV; pure."""

import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from service.risk.schemas import RiskItem

# A spreadsheet would take a cell that starts with one of these for a formula.
# Full-width forms too: some spreadsheets read them as the plain ones.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class Sort(StrEnum):
    """The order of the list; a minus is descending."""

    RISK_DESC = "-risk"
    RISK = "risk"
    PRIORITY_DESC = "-priority"
    PRIORITY = "priority"
    NAME = "name"
    NAME_DESC = "-name"
    CHANGE_DESC = "-change_7d"
    CHANGE = "change_7d"
    ACCOUNT = "account_id"

    @property
    def descending(self) -> bool:
        return self.value.startswith("-")

    @property
    def key(self) -> str:
        return self.value.lstrip("-")

    @property
    def kind(self) -> type:
        """What the sorted column holds."""
        return str if self.key in {"name", "account_id"} else float


@dataclass(frozen=True)
class Asked:
    """Which accounts are asked for, in which order."""

    min_risk: float
    rep: str | None
    segment: str | None
    changed_since: datetime | None
    sort: Sort

    @property
    def fingerprint(self) -> str:
        """The same for the same question: a cursor leads on in the list it was given out for, and in no other."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


def as_csv(items: Iterable[RiskItem]) -> str:
    """Write CSV as RFC 4180 has it, for spreadsheets that must not take names for formulas."""
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(RiskItem.model_fields)
    for item in items:
        fields = item.model_dump(mode="json")
        fields |= {
            "reasons": "; ".join(item.reasons),
            "against": "; ".join(item.against),
            "missing": " ".join(item.missing),
        }
        lines.writerow(_harmless(cell) for cell in fields.values())
    return text.getvalue()


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
