"""`headsup import …`: files through the same checks and actions as the API.

Rows go in by the batch, each batch in a transaction of its own. Every kind of row has a key, so an import that was
stopped, or had rows rejected, is simply run again.
"""

import gc
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from service.access.actions import record
from service.commands import door
from service.commands.access import BY
from service.commands.import_kinds import ACCOUNTS, COMMITMENTS, COMPLAINTS, METRICS, OBSERVATIONS, Kind, Reading
from service.kit.clock import SystemClock
from service.kit.database import Database
from service.kit.errors import Invalid
from service.kit.fields import clean_time_zone
from service.kit.files import Batch, Rejected, Source, open_table
from service.kit.retry import transact
from service.kit.rows import Checked, check_rows
from service.metrics.rules import AHEAD

ROWS_PER_BATCH = 20_000

Files = Annotated[list[Path], typer.Argument(metavar="FILE…", exists=True, dir_okay=False, help="CSV, Parquet, XLSX.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check every row and store nothing.")]
Zone = Annotated[
    str | None,
    typer.Option("--time-zone", metavar="ZONE", help="Zone of times that name none; without it they are rejected."),
]
Folder = Annotated[
    Path | None,
    typer.Option(
        "--rejected", metavar="DIR", file_okay=False, help="Where rejected rows go; default: beside the file."
    ),
]


class TimeZoneUnknown(Invalid):
    """There is no such time zone."""


@dataclass
class Report:
    """What became of a file."""

    file: str
    accepted: int = 0
    rejected: int = 0
    seconds: float = 0.0
    rejected_file: str | None = None
    new: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class CheckedBatch:
    """Rows as they stand in the file, what came of checking them, and how much of the file is read by then."""

    cells: Batch
    done: int
    checked: Checked[Any]


def accounts(files: Files, *, dry_run: DryRun = False, rejected: Folder = None, as_json: door.Json = False) -> None:
    """Import accounts and their reps. A field that is empty in the file becomes empty."""
    _import(ACCOUNTS, files, dry_run=dry_run, zone=None, folder=rejected, as_json=as_json)


def metrics(files: Files, *, dry_run: DryRun = False, rejected: Folder = None, as_json: door.Json = False) -> None:
    """Import what is measured: labels, units, directions, targets."""
    _import(METRICS, files, dry_run=dry_run, zone=None, folder=rejected, as_json=as_json)


def observations(
    files: Files,
    *,
    dry_run: DryRun = False,
    zone: Zone = None,
    rejected: Folder = None,
    as_json: door.Json = False,
) -> None:
    """Import observations. The same account, metric, time and item again overwrites."""
    _import(OBSERVATIONS, files, dry_run=dry_run, zone=zone, folder=rejected, as_json=as_json)


def complaints(
    files: Files,
    *,
    dry_run: DryRun = False,
    zone: Zone = None,
    rejected: Folder = None,
    as_json: door.Json = False,
) -> None:
    """Import complaints. Without a complaint_id, one is derived from account, time and how often both occurred."""
    _import(COMPLAINTS, files, dry_run=dry_run, zone=zone, folder=rejected, as_json=as_json)


def commitments(files: Files, *, dry_run: DryRun = False, rejected: Folder = None, as_json: door.Json = False) -> None:
    """Import promises to clients. The same reference again corrects one that has not ended."""
    _import(COMMITMENTS, files, dry_run=dry_run, zone=None, folder=rejected, as_json=as_json)


def _import(
    kind: Kind, files: Sequence[Path], *, dry_run: bool, zone: str | None, folder: Path | None, as_json: bool
) -> None:
    if zone is not None:
        _check_zone(zone)
    db = door.open_db(door.load_settings())
    try:
        reports = [
            _import_file(db, kind, path, zone=zone, folder=folder or path.parent, dry_run=dry_run) for path in files
        ]
    finally:
        db.close()
    _tell(reports, dry_run=dry_run, as_json=as_json)
    if any(report.rejected for report in reports):
        raise typer.Exit(door.SOME_REJECTED)


def _check_zone(zone: str) -> None:
    try:
        clean_time_zone(zone)
    except ValueError as error:
        raise TimeZoneUnknown(f"The value of --time-zone {error}.") from error


def _import_file(db: Database, kind: Kind, path: Path, *, zone: str | None, folder: Path, dry_run: bool) -> Report:
    report, begun = Report(str(path)), time.monotonic()
    now = SystemClock().now()
    source = open_table(path, ROWS_PER_BATCH)
    reading = Reading(kind, source.names, zone)
    with Rejected(folder / f"{path.name}.rejected.csv", source.names) as rejected, _bar() as bar:
        task = bar.add_task(path.name, total=source.total)
        with _no_garbage_search():
            for batch in _one_ahead(_checked(source, reading, now=now)):
                if not dry_run:
                    _store(db, kind, batch.checked.good, report, now=now)
                _note(batch, rejected, report)
                bar.update(task, completed=batch.done)
                gc.collect(0)
    report.rejected_file = rejected.written
    report.seconds = round(time.monotonic() - begun, 2)
    if not dry_run:
        with db.begin() as session:
            facts = {"accepted": report.accepted, "rejected": report.rejected}
            record(session, BY, f"import.{kind.name}", path.name[:254], now=now, **facts)
    return report


def _checked(source: Source, reading: Reading, *, now: datetime) -> Iterator[CheckedBatch]:
    rule = partial(reading.kind.rule, latest=now + AHEAD)
    for cells, done in source.batches:
        yield CheckedBatch(cells, done, check_rows(reading.kind.model, reading.rows(cells), rule))


def _one_ahead(batches: Iterator[CheckedBatch]) -> Iterator[CheckedBatch]:
    """Check the next batch while the database stores this one."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = pool.submit(next, batches, None)
            yield batch


def _store(db: Database, kind: Kind, rows: Sequence[Any], report: Report, *, now: datetime) -> None:
    if rows:
        found = transact(db, lambda session: kind.store(session, rows, by=BY, now=now))
        report.new.update({what: len(names) for what, names in found.items()})


def _note(batch: CheckedBatch, rejected: Rejected, report: Report) -> None:
    """Count a batch, and write its rejected rows with all their reasons."""
    first = report.accepted + report.rejected + 1
    reasons: defaultdict[int, list[str]] = defaultdict(list)
    for problem in batch.checked.problems:
        reason = f"{problem.field} {problem.reason}".strip()
        reasons[problem.index].append(reason)
        report.reasons[reason] += 1
    for index, why in reasons.items():
        rejected.add(first + index, batch.cells[index], why)
    report.accepted += len(batch.checked.good)
    report.rejected += batch.checked.rejected


@contextmanager
def _no_garbage_search() -> Iterator[None]:
    """Keep Python from looking for cycles among rows, where there are none: that took half of an import's time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=door.notes, transient=True, disable=not door.notes.is_terminal)


def _tell(reports: Sequence[Report], *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        door.answer(
            {
                "dry_run": dry_run,
                "accepted": sum(report.accepted for report in reports),
                "rejected": sum(report.rejected for report in reports),
                "files": [vars(report) for report in reports],
            }
        )
        return
    for report in reports:
        verb = "would be accepted" if dry_run else "accepted"
        speed = f"{report.accepted + report.rejected:,} rows in {report.seconds:.1f} s"
        door.say(f"{report.file}: {report.accepted:,} {verb}, {report.rejected:,} rejected ({speed})")
        for what, count in report.new.items():
            if count:
                door.say(f"  {count:,} new {what}")
        for reason, count in report.reasons.most_common(5):
            door.say(f"  {count:,} rows: {reason}")
        if report.rejected_file:
            door.say(f"  Mend them in {report.rejected_file} and import that file.")
