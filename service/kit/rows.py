"""Rows that come in by the thousand: each is kept or sent back with the reason, one bad row stops no other."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field, ValidationError

from service.kit.errors import Invalid

Row = TypeVar("Row", bound=BaseModel)
PLAIN_NAME = re.compile("[A-Za-z0-9_.-]{1,64}")
MAX_PROBLEMS_PER_ROW = 5


class ColumnsWrong(Invalid):
    """The columns are not those that are read here."""


class RowProblem(BaseModel):
    """Why a row was not kept. It never repeats what was sent."""

    index: int = Field(description="Position of the row in what was sent, from 0.")
    field: str = Field(description="The field that is wrong; empty if it is the row as a whole.")
    reason: str


class Unreadable(str):
    """In place of a row that cannot even be read: why."""

    __slots__ = ()


@dataclass
class Checked(Generic[Row]):
    """Rows that can be kept, and what is wrong with the others."""

    good: list[Row] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    rejected: int = 0

    def reject(self, *problems: RowProblem) -> None:
        self.rejected += 1
        self.problems.extend(problems)


def check_rows(
    model: type[Row], rows: Iterable[Any], rule: Callable[[Row], tuple[str, str] | None] = lambda _row: None
) -> Checked[Row]:
    """Hold each row against its model, then against `rule`, which gives (field, reason) for a row to be refused."""
    checked = Checked[Row]()
    validate = model.__pydantic_validator__.validate_python
    for index, raw in enumerate(rows):
        if isinstance(raw, Unreadable):
            checked.reject(RowProblem(index=index, field="", reason=str(raw)))
            continue
        try:
            row = validate(raw)
        except ValidationError as error:
            checked.reject(*_problems(index, error))
            continue
        if refused := rule(row):
            checked.reject(RowProblem(index=index, field=refused[0], reason=refused[1]))
        else:
            checked.good.append(row)
    return checked


def _problems(index: int, error: ValidationError) -> list[RowProblem]:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [
        RowProblem(index=index, field=pointer(item["loc"])[1:], reason=reason(item["msg"]))
        for item in found[:MAX_PROBLEMS_PER_ROW]
    ]


def pointer(steps: Iterable[int | str]) -> str:
    """Where in the input, as a JSON pointer. A name that the caller made up is shown only if it is a plain one."""
    names = (str(step) for step in steps)
    return "".join(f"/{name if PLAIN_NAME.fullmatch(name) else '?'}" for name in names)


def reason(message: str) -> str:
    """The validator's sentence in our words."""
    plain = {"Field required": "is missing", "Extra inputs are not permitted": "is not a field that is read here"}
    return plain.get(message, message.removeprefix("Value error, "))


def text_cell(cell: Any) -> Any:
    """Spreadsheets hold ids as numbers: 1234 and 1234.0 are the id "1234"."""
    if type(cell) is str:
        return cell
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell) if isinstance(cell, int) and not isinstance(cell, bool) else cell


def number_cell(cell: Any) -> Any:
    """Read a number that is text; what is none is left as it is, and then refused for what it is."""
    if isinstance(cell, Decimal):
        return float(cell)
    if not isinstance(cell, str) or "_" in cell or not cell.isascii():
        return cell
    try:
        return float(cell)
    except ValueError:
        return cell


def whole_cell(cell: Any) -> Any:
    """Like a number, but 3.0 becomes 3."""
    number = number_cell(cell)
    return int(number) if isinstance(number, float) and number.is_integer() else number


def digits_cell(cell: Any) -> Any:
    """Text, where a file may hold a number."""
    whole = whole_cell(cell)
    return str(whole) if isinstance(whole, int) else whole


def flag_cell(cell: Any) -> Any:
    """Read true and false, in words or as 1 and 0."""
    known = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
    return known.get(str(cell).lower(), cell)


class Columns:
    """How the columns of a table become the fields of a model."""

    def __init__(self, model: type[BaseModel], readers: Mapping[str, Callable[[Any], Any]]) -> None:
        self._known = set(model.model_fields)
        self._required = {name for name, about in model.model_fields.items() if about.is_required()}
        self._readers = {name: readers.get(name, text_cell) for name in model.model_fields}

    def check(self, names: Sequence[str], *, derived: frozenset[str] = frozenset()) -> None:
        """Refuse a table as a whole rather than each of its rows.

        Raises:
            ColumnsWrong: a column is missing, occurs twice, or is not known (a typing error would lose it).
        """
        unknown, missing = set(names) - self._known, self._required - set(names) - derived
        if unknown or missing or len(set(names)) < len(names):
            known = ", ".join(sorted(self._known))
            lacking = f" Missing: {', '.join(sorted(missing))}." if missing else ""
            raise ColumnsWrong(f"The columns read here are {known}, each at most once.{lacking}")

    def row(self, names: Sequence[str], cells: Sequence[Any]) -> dict[str, Any] | Unreadable:
        """Make a row of cells. Empty cells are left out."""
        if len(cells) > len(names):
            return Unreadable("has more cells than the header has columns")
        readers = self._readers
        return {
            name: readers[name](cell)
            for name, cell in zip(names, cells, strict=False)
            if cell is not None and cell != ""
        }
