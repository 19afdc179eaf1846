"""Rows out of a request body: JSON, NDJSON, CSV or Parquet, told apart by the content type."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BaseModel

from service.kit.errors import Invalid, TooLarge, UnsupportedMediaType
from service.kit.rows import Columns, Unreadable

MAX_CELL_BYTES = 16_000
# A row has eleven fields at most, each on its own line perhaps; the commas and lines of texts count too.
PARTS_PER_ROW = 60
JSON = "application/json"
NDJSON = "application/x-ndjson"
CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"


class BodyUnreadable(Invalid):
    """The body cannot be read as what its content type says."""


class TooManyRows(TooLarge):
    """Too many rows in one request."""


async def _body(request: Request) -> tuple[str, bytes]:
    """Read the body on the event loop, so that the route itself may block."""
    kind = request.headers.get("content-type", "").partition(";")[0]
    return kind.strip().lower(), await request.body()


Body = Annotated[tuple[str, bytes], Depends(_body)]


def rows_of(body: tuple[str, bytes], name: str, columns: Columns, *, max_rows: int, single: bool = False) -> list[Any]:
    """Read the rows of a body; in JSON they are the list `name` of an object, or the object itself if `single`.

    Raises:
        UnsupportedMediaType: the content type is none of those read here.
        BodyUnreadable, ColumnsWrong: it is not what it claims to be.
        TooManyRows: there are more than `max_rows`.
    """
    kind, content = body
    readers: Mapping[str, Callable[[], list[Any]]] = {
        JSON: lambda: _json_rows(content, name, single=single),
        NDJSON: lambda: [_line(line) for line in _text(content).split("\n") if line.strip()],
        CSV: lambda: _csv_rows(content, columns),
        PARQUET: lambda: _parquet_rows(content, columns, max_rows),
    }
    if kind not in readers:
        raise UnsupportedMediaType(f"Send one of {', '.join(readers)}.")
    # Each part of JSON or CSV costs a comma or a line: what would unpack to gigabytes is refused unread.
    if kind != PARQUET and content.count(b",") + content.count(b"\n") > PARTS_PER_ROW * (max_rows + 1):
        raise _too_many(max_rows)
    rows = readers[kind]()
    if len(rows) > max_rows:
        raise _too_many(max_rows)
    return rows


def documented(name: str, model: type[BaseModel], example: Mapping[str, Any]) -> dict[str, Any]:
    """Describe such a body for OpenAPI."""
    row = model.model_json_schema()
    rows = {"type": "object", "required": [name], "properties": {name: {"type": "array", "items": row}}}
    heading, cells = ",".join(example), ",".join(str(cell) for cell in example.values())
    content = {
        JSON: {"schema": {**rows, "additionalProperties": False}, "example": {name: [example]}},
        NDJSON: {"schema": {"type": "string"}, "example": json.dumps(example) + "\n"},
        CSV: {"schema": {"type": "string"}, "example": f"{heading}\n{cells}\n"},
        PARQUET: {"schema": {"type": "string", "format": "binary"}},
    }
    return {"requestBody": {"required": True, "content": content}}


def _too_many(max_rows: int) -> TooManyRows:
    return TooManyRows(f"Send at most {max_rows} rows at a time.", max_rows=max_rows)


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BodyUnreadable("The text is not UTF-8.") from error


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError as error:
        raise BodyUnreadable("The JSON is nested too deeply.") from error
    except ValueError as error:  # JSONDecodeError, or a whole number of thousands of digits
        raise BodyUnreadable("The text is not JSON.") from error


def _json_rows(content: bytes, name: str, *, single: bool) -> list[Any]:
    sent = _json(_text(content))
    if single and isinstance(sent, dict) and name not in sent:
        return [sent]
    rows = sent.get(name) if isinstance(sent, dict) and len(sent) == 1 else None
    if not isinstance(rows, list):
        raise BodyUnreadable(f'Send an object {{"{name}": [...]}} and nothing else in it.')
    return rows


def _line(line: str) -> Any:
    try:
        return _json(line)
    except BodyUnreadable as error:
        return Unreadable(error.detail)


def _csv_rows(content: bytes, columns: Columns) -> list[Any]:
    # Excel puts a byte order mark before its CSV.
    lines = csv.reader(io.StringIO(_text(content).removeprefix("\ufeff"), newline=""), strict=True)
    try:
        names = [name.strip() for name in next(lines, [])]
        columns.check(names)
        return [columns.row(names, cells) for cells in lines if cells]
    except csv.Error as error:
        raise BodyUnreadable("The text is not CSV: commas, double quotes, one header line.") from error


def _parquet_rows(content: bytes, columns: Columns, max_rows: int) -> list[Any]:
    import polars as pl  # noqa: PLC0415 (most web processes never see Parquet)
    from polars.exceptions import PanicException, PolarsError  # noqa: PLC0415

    try:
        # The count stands in the footer: a file that unpacks to millions of rows is refused before it is unpacked.
        count = pl.scan_parquet(io.BytesIO(content)).select(pl.len()).collect().item()
        if count > max_rows:
            raise _too_many(max_rows)
        table = pl.read_parquet(io.BytesIO(content))
        columns.check(table.columns)
        longest = table.select(pl.col(pl.String).str.len_bytes().max()).rows()
    except (PolarsError, PanicException, OSError, ValueError) as error:
        raise BodyUnreadable("The bytes are not Parquet.") from error
    if any(length and length > MAX_CELL_BYTES for lengths in longest for length in lengths):
        raise BodyUnreadable(f"A cell is longer than {MAX_CELL_BYTES} bytes.")
    return [columns.row(table.columns, cells) for cells in table.iter_rows()]
