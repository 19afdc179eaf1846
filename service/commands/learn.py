"""Train and judge models; score now."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from models.trained_model import LineKind
from service.commands import door
from service.commands import line as alert_line
from service.commands.door import Json
from service.kit.clock import SystemClock
from service.kit.database import Session
from service.kit.settings import Settings
from service.scoring import actions, history, queries
from service.scoring.lines import Choice
from training import backtest as backtests
from training import findings, training
from training import report as reports
from training.alerting import Team, Worked
from training.findings import Findings
from training.window import Asked

BY = "headsup train"
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD")]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="The same data and seed give the same model.")]
ReportFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.html",
        dir_okay=False,
        writable=True,
        help="One page with pictures and plain words; opens offline.",
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
        with bars() as progress:
            with db.read() as session:
                asked = _asked(train_from, validate_from, test_from, test_to)
                material = backtests.collect(session, asked, settings.horizon_days, now=now, progress=progress)
            made = training.train(material, settings, seed=seed, now=now, progress=progress)
        with db.begin() as session:
            model = actions.register(session, made.version, made.sha256, made.card, made.line, by=BY, now=now)
        if not json:
            _table(made.tested)
            for note in made.card["notes"]:
                door.say(note)
        with db.begin() as session:
            if promote:
                model = actions.promote_tested(session, settings, made.version, by=BY, now=now)
            line, told = model.alert_line, alert_line.how(model) + "." + alert_line.held(model)
    if json:
        facts = {"version": made.version, "promoted": promote, "alert_line": line}
        door.answer(facts | findings.measured(material.window, made.tested))
        return
    door.say(f"Model {made.version} is {'active' if promote else 'a candidate'}. Its alert line is {told}")
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
    settings, now = door.load_settings(), SystemClock().now()
    judge = findings.of_rolling if rolling else findings.of_one
    with closing(door.open_db(settings)) as db, bars() as progress:
        with db.read() as session:
            asked = _asked(train_from, validate_from, test_from, test_to)
            material = backtests.collect(session, asked, settings.horizon_days, now=now, progress=progress)
            names, team = queries.account_names(session), _team(session, settings)
        found = judge(material, team, seed=seed, progress=progress)
        if report is not None:
            progress("Drawing the report", 0, 1)
            reports.write(report, found, now=now)
            progress("Drawing the report", 1, 1)
    if predictions is not None:
        _write_predictions(found.tested, names, predictions)
    if json:
        door.answer(found.as_dict())
        return
    _tell(found)


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


def _team(session: Session, settings: Settings) -> Team:
    """How the team works: by the choice in force, or else by the budget of the setting."""
    model = queries.active_model(session)
    chosen = actions.choice_of(model) if model is not None and model.line_kind is not None else None
    budget = chosen.value if chosen and chosen.kind is LineKind.BUDGET else settings.alerts_per_day
    return Team(chosen or Choice(LineKind.BUDGET, budget), budget, settings.alert_cool_down_hours)


def _tell(found: Findings) -> None:
    _table(found.tested)
    door.say()
    team = found.alerts.team
    at_line = found.alerts.at_line
    door.say(
        f"The line by {team.choice} is a risk of {found.alerts.line:.3f}: {at_line.alerts_per_day:.1f} alerts a day. "
        f"Below, {team.alerts_per_day:g} alerts a day by different rankings."
    )
    door.table([_worked(name.replace("_", " "), each) for name, each in found.alerts.all().items()], empty="")
    door.say("Told first: complaints whose account was flagged at least 4 working hours before; new: none in 14 days.")
    for origin, each in found.origins:
        door.say(f"{origin.test_from:%Y-%m-%d} to {origin.test_to:%Y-%m-%d}: {each.recipe.why}.")
    if not found.origins:
        door.say(f"Chosen: {found.tested.recipe.why}.")


def _worked(name: str, each: Worked) -> dict[str, str]:
    told = {
        "right": "share right",
        "unusual": "more than usual",
        "caught": "complaint weeks caught",
        "rises_caught": "rises caught",
        "value_caught": "value caught",
        "told_first": "told first",
        "told_first_new": "of new ones",
    }
    values = {words: each.shares[key].value for key, words in told.items()}
    return {"": name} | {words: "-" if value is None else f"{value:.0%}" for words, value in values.items()}


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
def bars() -> Iterator[backtests.Progress]:
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
