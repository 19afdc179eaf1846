"""Train and judge models; score now."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from service.accounts import queries as accounts
from service.commands import door
from service.commands.door import Json
from service.kit.clock import SystemClock
from service.kit.database import Session
from service.scoring import actions, history, queries
from training import backtest as backtests
from training import report as reports
from training import rolling as rollings
from training import training
from training.window import Asked

BY = "headsup train"
ACCOUNTS_AT_ONCE = 5_000
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD")]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="The same data and seed give the same model.")]
ReportFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.html",
        dir_okay=False,
        writable=True,
        help="One page with pictures and plain words; opens offline. Not with --rolling.",
    ),
]
RowsFile = Annotated[Path | None, typer.Option(help="Parquet file for each test row's risk and label.")]


def train(
    *,
    promote: Annotated[bool, typer.Option("--promote", help="Let the new model speak at once.")] = False,
    seed: Seed = 0,
    train_from: Day = None,
    validate_from: Day = None,
    test_from: Day = None,
    test_to: Day = None,
    json: Json = False,
) -> None:
    """Learn from the complaints so far, and say how good it is."""
    settings, now = door.load_settings(), SystemClock().now()
    with closing(door.open_db(settings)) as db:
        with _bars() as progress:
            with db.read() as session:
                asked = _asked(train_from, validate_from, test_from, test_to)
                material = backtests.collect(session, asked, settings.horizon_days, now=now, progress=progress)
            made = training.train(material, settings, seed=seed, now=now, progress=progress)
        with db.begin() as session:
            actions.register(session, made.version, made.sha256, made.card, made.line, by=BY, now=now)
            if promote:
                actions.promote(session, made.version, by=BY, now=now)
    if json:
        facts = {"version": made.version, "promoted": promote, "alert_line": made.line}
        door.answer(facts | _report(material, made.tested))
        return
    _table(made.tested)
    for note in made.card["notes"]:
        door.say(note)
    door.say(f"Alert line {made.line:.3f}. Model {made.version} is {'active' if promote else 'a candidate'}.")
    if not promote:
        door.say(f"Let it speak with `headsup promote {made.version}`.")


def backtest(
    *,
    seed: Seed = 0,
    train_from: Day = None,
    validate_from: Day = None,
    test_from: Day = None,
    test_to: Day = None,
    rolling: Annotated[bool, typer.Option("--rolling", help="Train anew every four weeks of the test.")] = False,
    report: ReportFile = None,
    predictions: RowsFile = None,
    json: Json = False,
) -> None:
    """Judge a model on weeks that it has not seen, beside its baselines. Stores nothing."""
    if rolling and report is not None:
        raise typer.BadParameter("--report draws one training; leave out --rolling.")
    settings, now = door.load_settings(), SystemClock().now()
    with closing(door.open_db(settings)) as db, _bars() as progress:
        with db.read() as session:
            asked = _asked(train_from, validate_from, test_from, test_to)
            material = backtests.collect(session, asked, settings.horizon_days, now=now, progress=progress)
            names = queries.account_names(session)
            segments = _segments(session) if report is not None else {}
        rolled = rollings.run(material, seed=seed, progress=progress) if rolling else None
        tested = rolled.pooled if rolled else backtests.run(material, seed=seed, progress=progress)
        if report is not None:
            progress("Drawing the report", 0, 1)
            reports.write(report, material, tested, settings, segments, seed=seed, now=now)
            progress("Drawing the report", 1, 1)
    if predictions is not None:
        _write_predictions(tested, names, predictions)
    if json:
        door.answer(_report(material, tested) | (_rolling(rolled) if rolled else {}))
        return
    _table(tested)
    for origin, each in rolled.origins if rolled else ():
        door.say(f"{origin.test_from:%Y-%m-%d} to {origin.test_to:%Y-%m-%d}: {each.recipe.why}.")
    if not rolled:
        door.say(f"Chosen: {tested.recipe.why}.")


def score(*, json: Json = False) -> None:
    """Score the accounts that are due now, as the worker does."""
    settings = door.load_settings()
    with closing(door.open_db(settings)) as db:
        scored = actions.score_due(db, settings, now=SystemClock().now())
    if json:
        door.answer({"scored": scored})
        return
    door.say(f"{scored} accounts scored.")


def _asked(*days: datetime | None) -> Asked:
    return Asked(*(day.date() if day is not None else None for day in days))


def _segments(session: Session) -> dict[int, str | None]:
    """Account → segment, of all accounts, a page at a time."""
    found: dict[int, str | None] = {}
    after = ""
    while page := accounts.accounts(session, after=after, limit=ACCOUNTS_AT_ONCE):
        found |= {account.id: account.segment for account in page}
        after = page[-1].external_id
    return found


def _report(material: backtests.Material, tested: backtests.Backtest) -> dict[str, Any]:
    return {
        "window": material.window.as_card(),
        "model": tested.model,
        "baselines": tested.baselines,
        "questions": tested.questions,
    }


def _rolling(rolled: rollings.Rolled) -> dict[str, Any]:
    trainings = [
        {
            "window": window.as_card(),
            "chosen": each.recipe.why,
            "model": each.model,
            "baselines": each.baselines,
            "questions": each.questions,
        }
        for window, each in rolled.origins
    ]
    return {"rolling": trainings}


def _table(tested: backtests.Backtest) -> None:
    rows = {"model": tested.model} | tested.baselines
    names = list(tested.model)
    shown = [{"": name} | {measure: _short(row[measure]) for measure in names} for name, row in rows.items()]
    door.table(shown, empty="")


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _write_predictions(tested: backtests.Backtest, names: dict[int, str], path: Path) -> None:
    rows = pl.DataFrame(
        {
            "account_id": [names[account] for account in tested.test.account.tolist()],
            "as_of": [history.moment(at) for at in tested.test.as_of.tolist()],
            "risk": tested.risk,
            "label": tested.test.label.astype(int),
        }
    )
    rows.write_parquet(path)


@contextmanager
def _bars() -> Iterator[backtests.Progress]:
    """Progress bars with the time left, on standard error."""
    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=door.notes) as bars:
        tasks: dict[str, Any] = {}

        def progress(name: str, done: int, of: int) -> None:
            title, _, detail = name.partition(": ")
            if title not in tasks:
                tasks[title] = bars.add_task(title, total=of)
            bars.update(tasks[title], completed=done, total=of, description=name if detail and done < of else title)

        yield progress
