"""Trained versions: list, show and compare them; let one speak, or the one before it again."""

from collections.abc import Iterator
from contextlib import closing
from typing import Annotated, Any

import typer

from models import TrainedModel
from service.commands import door
from service.commands import line as alert_line
from service.commands.door import Json
from service.kit.clock import SystemClock
from service.kit.database import Session
from service.scoring import actions, lines, queries
from service.watching import actions as watching

Version = Annotated[str, typer.Argument(help="As `headsup models` lists it.")]
Card = dict[str, Any]


def models(context: typer.Context, *, json: Json = False) -> None:
    """List the trained models, the newest first; `show` and `compare` tell more."""
    if context.invoked_subcommand is not None:
        return
    with closing(door.open_db(door.load_settings())) as db, db.read() as session:
        rows = [
            {
                "version": model.version,
                "status": str(model.status),
                "trained": f"{model.trained_at:%Y-%m-%d %H:%M}",
                "average_precision": short(model.card["measures"]["model"]["average_precision"]),
                "calibration_error": short(model.card["measures"]["model"]["calibration_error"]),
                "alert_line": short(model.alert_line),
            }
            for model in queries.trained_models(session)
        ]
    if json:
        door.answer({"models": rows})
        return
    door.table(rows, empty="No model yet: the starter score speaks. `headsup train` makes one.")


def show(version: Version, *, json: Json = False) -> None:
    """Show a model's card: what it learned from, what was chosen and why, how good it is, what its line costs."""
    with closing(door.open_db(door.load_settings())) as db, db.read() as session:
        model = known(session, version)
    if json:
        door.answer(model.card)
        return
    for line in (*_facts(model), "", *model.card["notes"]):
        door.say(line)
    section("Measures on the test weeks, beside the baselines")
    door.table(_measures({"model": model.card["measures"]["model"]} | model.card["measures"]["baselines"]), empty="")
    section("What the alert line costs and catches (validation weeks; > marks the line in force)")
    curve = model.card["alert_line"].get("curve")
    around = lines.around(curve, model.alert_line) if curve else []
    marked = [(">" if offer.line == model.alert_line else "", offer) for offer in around]
    door.table(alert_line.offers(marked), empty="Not in this card: it was trained by an older version.")


def promote(
    version: Version,
    *,
    anyway: Annotated[bool, typer.Option("--anyway", help="Even if its test speaks against it.")] = False,
) -> None:
    """Let a trained model speak from the next scoring on, if its files are sound and its test was passed."""
    settings, now = door.load_settings(), SystemClock().now()
    with closing(door.open_db(settings)) as db, db.begin() as session:
        before = queries.active_model(session)
        told = alert_line.how(before) if before is not None else None
        model = actions.promote_tested(session, settings, version, anyway=anyway, by="headsup promote", now=now)
    door.say(f"Model {version} is active. Accounts get its scores as they fall due; all of them within a day.")
    door.say(f"Its alert line is {alert_line.how(model)}.{alert_line.held(model)}")
    if told is not None:
        door.say(f"Before, it was {told}.")


def rollback(*, json: Json = False) -> None:
    """Let the model that spoke before the active one speak again. Run twice, the newer one is back."""
    settings, now = door.load_settings(), SystemClock().now()
    with closing(door.open_db(settings)) as db, db.begin() as session:
        former, left = watching.roll_back(session, settings, by="headsup rollback", now=now)
    if json:
        door.answer({"active": former.version, "before": left.version})
        return
    door.say(f"Model {former.version} speaks again, {left.version} is retired. Accounts get its scores within a day.")


def known(session: Session, version: str) -> TrainedModel:
    """A model by its name.

    Raises:
        ModelNotFound: none is called so.
    """
    model = queries.model_by_version(session, version)
    if model is None:
        raise actions.ModelNotFound(f"No model is called {version!r}; `headsup models` lists them.")
    return model


def _facts(model: TrainedModel) -> Iterator[str]:
    card = model.card
    window, rows = card["window"], card["rows"]
    facts = {
        "model": f"{model.version}, {model.status}",
        "predicts": card["predicts"],
        "made": f"{model.trained_at:%Y-%m-%d %H:%M} UTC by {card['made_by']}",
        "learned from": f"{window['train_from']} to {window['fitted_through']}",
        "account-weeks": f"{rows['account_weeks']:,} of {rows['accounts']:,} accounts, "
        f"{rows['with_complaint']:,} with a complaint",
        "chosen by": f"weeks from {window['validate_from']}",
        "tested on": f"{window['test_from']} to {window['test_to']}",
        "alert line": alert_line.how(model),
        "metrics": ", ".join(metric["key"] for metric in card["metrics"]),
        "data sha256": card["data_sha256"],
    }
    return (f"{name:<13} {fact}" for name, fact in facts.items())


def _measures(rows: dict[str, dict[str, float | None]]) -> list[dict[str, str]]:
    """A line for each measure: the models of a card have more measures than rivals."""
    names = dict.fromkeys(measure for row in rows.values() for measure in row)
    return [{"measure": measure} | {name: short(row.get(measure)) for name, row in rows.items()} for measure in names]


def section(title: str) -> None:
    """Begin a part of what is said."""
    door.say()
    door.say(title)


def short(value: Any) -> str:
    """A figure of a table."""
    if isinstance(value, str):
        return value
    return "-" if value is None else f"{value:.3f}"
