"""Tables in files: CSV, Parquet and XLSX, read a batch at a time, so that a file may be larger than memory."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, Any, Self

import polars as pl
from polars.exceptions import PanicException, PolarsError
from python_calamine import CalamineError, CalamineWorkbook

from service.kit.errors import Invalid

Batch = list[Sequence[Any]]
# Excel puts a byte order mark before its CSV.
CSV_ENCODING = "utf-8-sig"


class FileUnreadable(Invalid):
    """The file cannot be read."""


@dataclass(frozen=True)
class Source:
    """A table: its columns, how much there is to read, and its rows with how much of it has been read by then."""

    names: list[str]
    total: int
    batches: Iterator[tuple[Batch, int]]


def open_table(path: Path, size: int) -> Source:
    """Open a file by its ending: .parquet, .xlsx, or CSV. Batches have at most `size` rows.

    Raises:
        FileUnreadable: it is not what its ending says.
    """
    readers = {".parquet": _parquet, ".pq": _parquet, ".xlsx": _xlsx, ".xlsm": _xlsx, ".csv": _csv}
    if path.suffix.lower() not in readers:
        raise FileUnreadable(f"{path.name}: the name ends with none of {', '.join(readers)}.")
    try:
        return readers[path.suffix.lower()](path, size)
    except UNREADABLE as error:
        raise _unreadable(path) from error


UNREADABLE = (PolarsError, PanicException, CalamineError, csv.Error, UnicodeDecodeError)


def _unreadable(path: Path) -> FileUnreadable:
    return FileUnreadable(f"{path.name} is no {path.suffix.lstrip('.').upper() or 'CSV'} file that can be read.")


def _csv(path: Path, size: int) -> Source:
    with path.open(encoding=CSV_ENCODING, newline="") as file:
        names = [name.strip() for name in next(csv.reader(file, strict=True), [])]

    def batches() -> Iterator[tuple[Batch, int]]:
        try:
            with path.open("rb") as raw, TextIOWrapper(raw, encoding=CSV_ENCODING, newline="") as file:
                lines = csv.reader(file, strict=True)
                next(lines, None)
                while batch := list(islice(lines, size)):
                    yield [cells for cells in batch if cells], raw.tell()
        except UNREADABLE as error:
            raise _unreadable(path) from error

    return Source(names, path.stat().st_size, batches())


def _parquet(path: Path, size: int) -> Source:
    table = pl.scan_parquet(path)
    total = table.select(pl.len()).collect().item()

    def batches() -> Iterator[tuple[Batch, int]]:
        done = 0
        try:
            for frame in table.collect_batches(chunk_size=size, maintain_order=True):
                for part in frame.iter_slices(size):
                    done += part.height
                    yield list(part.iter_rows()), done
        except UNREADABLE as error:
            raise _unreadable(path) from error

    return Source(table.collect_schema().names(), total, batches())


def _xlsx(path: Path, size: int) -> Source:
    """Read the first sheet. Excel's own limit of a million rows keeps it within memory."""
    with CalamineWorkbook.from_path(str(path)) as workbook:
        sheet = workbook.get_sheet_by_index(0)
        lines = iter(sheet.to_python(skip_empty_area=True))
    names = [str(name).strip() for name in next(lines, [])]

    def batches() -> Iterator[tuple[Batch, int]]:
        done = 1
        while batch := list(islice(lines, size)):
            done += len(batch)
            yield [cells for cells in batch if any(cell != "" for cell in cells)], done

    return Source(names, sheet.total_height, batches())


class Rejected:
    """A CSV file of the rows that were rejected, each with its number and the reasons. No such rows, no file."""

    ROW, BECAUSE = "rejected_row", "rejected_because"

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        self.path = path
        self._names = [name for name in names if name not in {self.ROW, self.BECAUSE}]
        self._kept = [index for index, name in enumerate(names) if name in self._names]
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(self, *_raised: object) -> None:
        if self._file:
            self._file.close()

    @property
    def written(self) -> str | None:
        """The file's path, if there is one."""
        return str(self.path) if self._file else None

    def add(self, number: int, cells: Sequence[Any], reasons: Sequence[str]) -> None:
        """Write a row as it came, so that it can be mended and imported again."""
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", errors="replace", newline="")
            csv.writer(self._file).writerow([*self._names, self.ROW, self.BECAUSE])
        kept = [cells[index] if index < len(cells) else "" for index in self._kept]
        csv.writer(self._file).writerow([*kept, number, "; ".join(reasons)])
