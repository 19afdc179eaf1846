"""The alert line: what each one costs and catches, and the choice of one."""

import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from typing import Annotated, Any

import typer

from models import ModelStatus, TrainedModel
from models.trained_model import LineKind
from service.commands import door
from service.commands.door import Json
from service.kit.clock import SystemClock
from service.kit.database import Session
from service.scoring import actions, lines, queries
from service.scoring.lines import Choice, Curve, Offer

BY = "headsup line"
WHOLE = (
    "If quiet: the line of accounts without a complaint in 28 days. "
    "Told first: complaints whose account was flagged at least 4 working hours before; head start: median of those."
)
Version = Annotated[str | None, typer.Argument(help="A model to look at; without it the active one.")]
Budget = Annotated[float | None, typer.Option(help="Alerts a day that the team can work.", metavar="ALERTS")]
Price = Annotated[float | None, typer.Option(help="Wasted looks that a missed complaint is worth.", metavar="LOOKS")]
Risk = Annotated[float | None, typer.Option("--line", help="The line itself, a risk between 0 and 1.", metavar="RISK")]
Yes = Annotated[bool, typer.Option("--yes", help="Set it without asking.")]


def line(
    version: Version = None,
    *,
    budget: Budget = None,
    price: Price = None,
    risk: Risk = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Show what an alert line costs and catches; choose one by a budget, a price or a risk.

    A choice is shown first and set when it is confirmed. Models promoted later get their line by the same choice.
    """
    choice = _choice({LineKind.BUDGET: budget, LineKind.PRICE: price, LineKind.FIXED: risk})
    with closing(door.open_db(door.load_settings())) as db:
        with db.read() as session:
            model = _asked(session, version)
        if choice is not None:
            actions.check_choice(choice)
            if model.status is not ModelStatus.ACTIVE:
                raise actions.NoModelSpeaks(f"Only the active model's line can be chosen; {model.version} is not it.")
        if not json:
            _show(model, choice)
        wanted = choice is not None and (yes or (not json and _agreed()))
        if choice is not None and wanted:
            with db.begin() as session:
                actions.set_line(session, choice, by=BY, now=SystemClock().now())
    if json:
        door.answer(_facts(model, choice) | {"set": wanted})
    elif choice is not None:
        door.say(
            "Set. It counts from the worker's next round, and models promoted later follow the same choice."
            if wanted
            else "Nothing was changed; --yes sets it."
        )


def how(model: TrainedModel) -> str:
    """In words: the line of a model, what it raises, how it was chosen."""
    raised = model.line_alerts_per_day
    told = "" if raised is None else f", about {raised:.3g} alerts a day"
    choice = actions.choice_of(model)
    chosen = f"by {choice}" if choice else "in training"
    if model.line_chosen_at is not None:
        chosen += f", set on {model.line_chosen_at:%Y-%m-%d} by {model.line_chosen_by}"
    elif choice:
        chosen += " (the setting at its training)"
    return f"a risk of {model.alert_line:.4g}{told}; chosen {chosen}"


def held(model: TrainedModel) -> str:
    """Say so where a change of model was not allowed to change the alerts a day as far as the choice alone would."""
    choice, curve = actions.choice_of(model), model.card.get("alert_line", {}).get("curve")
    if choice is None or curve is None or lines.choose(choice, curve) == model.alert_line:
        return ""
    alone = lines.offer(curve, lines.choose(choice, curve))
    whole = f"`headsup line --{_option(choice)} {choice.value:g}`"
    return (
        f" The choice alone would give {alone.line:.4g}, about {alone.alerts_per_day:.3g} alerts a day; a new model "
        f"may change them by a quarter at once, {whole} takes the whole step."
    )


def offers(marked: Sequence[tuple[str, Offer]]) -> list[dict[str, str]]:
    """Rows of a table: offers, each with its mark."""
    return [
        {
            "": mark,
            "line": f"{each.line:.3f}",
            "if quiet": "-" if each.quiet_line is None else f"{each.quiet_line:.3f}",
            "alerts a day": f"{each.alerts_per_day:.1f}",
            "share right": _share(each.right),
            "complaint weeks caught": _share(each.caught),
            "told first": _share(each.told_first),
            "head start": _start(each),
        }
        for mark, each in marked
    ]


def _option(choice: Choice) -> str:
    return "line" if choice.kind is LineKind.FIXED else choice.kind.value


def _choice(given: dict[LineKind, float | None]) -> Choice | None:
    known = [Choice(kind, value) for kind, value in given.items() if value is not None]
    if len(known) > 1:
        raise typer.BadParameter("Give one of --budget, --price and --line.")
    return known[0] if known else None


def _asked(session: Session, version: str | None) -> TrainedModel:
    model = queries.model_by_version(session, version) if version else queries.active_model(session)
    if model is not None:
        return model
    if version:
        raise actions.ModelNotFound(f"No model is called {version!r}; `headsup models` lists them.")
    raise actions.NoModelSpeaks(
        "The starter score's line is a fixed 0.7. Promote a trained model, or name one to look at."
    )


def _show(model: TrainedModel, choice: Choice | None) -> None:
    curve = actions.curve_of(model)
    door.say(f"Model {model.version} ({model.status}). Its line is {how(model)}.")
    door.say(f"On its validation weeks, from {model.card['window']['validate_from']} on:")
    door.say()
    door.table(offers(_marked(model, curve, choice)), empty="")
    door.say()
    door.say(f"> is the line in force. {WHOLE}")
    if choice is not None:
        door.say(f"* is {choice}.{_bound(choice, curve)}")


def _marked(model: TrainedModel, curve: Curve, choice: Choice | None) -> list[tuple[str, Offer]]:
    asked = lines.choose(choice, curve) if choice else None
    rows = {each.line: each for each in lines.around(curve, model.alert_line)}
    if asked is not None:
        rows.setdefault(asked, lines.offer(curve, asked))
    marks = {model.alert_line: ">"}
    if asked is not None:
        marks[asked] = marks.get(asked, "") + "*"
    return [(marks.get(line, ""), rows[line]) for line in sorted(rows, reverse=True)]


def _bound(choice: Choice, curve: Curve) -> str:
    """Why the line is not the one that the choice alone would give."""
    line = lines.choose(choice, curve)
    if choice.kind is LineKind.BUDGET and lines.offer(curve, line).alerts_per_day < 0.9 * choice.value:
        return " Lower lines would not be clearly more often right than a look at any account."
    if choice.kind is LineKind.PRICE and abs(line - 1 / (1 + choice.value)) > 1e-3:
        return " The line is as far as the validation weeks can tell."
    return ""


def _agreed() -> bool:
    return sys.stdin.isatty() and typer.confirm("Set it?")


def _facts(model: TrainedModel, choice: Choice | None) -> dict[str, Any]:
    curve, present = actions.curve_of(model), actions.choice_of(model)
    facts: dict[str, Any] = {
        "model": model.version,
        "status": model.status,
        "line": asdict(lines.offer(curve, model.alert_line)),
        "chosen": asdict(present) if present else None,
        "chosen_at": model.line_chosen_at,
        "chosen_by": model.line_chosen_by,
        "curve": curve,
    }
    if choice is not None:
        facts |= {"asked": asdict(choice), "would_be": asdict(lines.offer(curve, lines.choose(choice, curve)))}
    return facts


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _start(each: Offer) -> str:
    if each.head_start_hours is None or each.head_start_days is None:
        return "-"
    return f"{each.head_start_hours:.0f} working hours ({each.head_start_days:.1f} days)"
