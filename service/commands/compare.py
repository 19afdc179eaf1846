"""Two trained models side by side."""

from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from typing import Any

from models import TrainedModel
from service.commands import door, learn
from service.commands.door import Json
from service.commands.versions import Card, Version, known, section, short
from service.kit.clock import SystemClock
from service.kit.database import Session
from service.kit.settings import Settings
from service.watching import comparison
from training import contest
from training.backtest import Progress
from training.contest import Contest
from training.refusals import TrainingRefused

CONTESTED = {
    "average_precision": "average precision",
    "right": "right, with as many looks",
    "log_loss": "log loss",
    "calibration_error": "calibration error",
}


def compare(first: Version, second: Version, *, json: Json = False) -> None:
    """Put two models side by side: on the same weeks that neither has seen, then each by its own card.

    A difference is second minus first. Where both have seen all weeks with known outcomes, the newer one is trained
    anew on what was known before the weeks that the older one has not seen.
    """
    settings, now = door.load_settings(), SystemClock().now()
    with closing(door.open_db(settings)) as db, db.read() as session, learn.bars() as progress:
        models = known(session, first), known(session, second)
        both = [model.card for model in models]
        held = _held(session, settings, models, now=now, progress=progress)
    measures, metrics = _differences(*both), _metric_changes(*both)
    tests = [(card["window"]["test_from"], card["window"]["test_to"]) for card in both]
    if json:
        windows = {card["version"]: card["window"] for card in both}
        facts = {"windows": windows, "same_test": tests[0] == tests[1], "measures": measures, "metrics": metrics}
        door.answer(facts | {"contest": asdict(held) if isinstance(held, Contest) else {"refused": held}})
        return
    _tell(held)
    rows = [{"": name} | {card["version"]: told[name] for card, told in _sides(both)} for name in _sides(both)[0][1]]
    door.table(rows, empty="")
    section("Measures, each on its own test weeks")
    door.table([{key: short(value) for key, value in row.items()} for row in measures], empty="")
    if tests[0] != tests[1]:
        door.say("The test weeks differ: a small difference may come from the weeks, not from the models.")
    if any(metrics.values()):
        section("Metrics")
    for change, keys in metrics.items():
        if keys:
            door.say(f"{change.replace('_', ' ')}: {', '.join(keys)}")


def _held(
    session: Session,
    settings: Settings,
    models: tuple[TrainedModel, TrainedModel],
    *,
    now: datetime,
    progress: Progress,
) -> Contest | str:
    """The contest, or why there is none."""
    try:
        return contest.hold(session, settings, models, now=now, progress=progress)
    except TrainingRefused as refusal:
        return refusal.detail


def _tell(held: Contest | str) -> None:
    if isinstance(held, str):
        door.say(f"Not held against each other on the same weeks: {held}")
        door.say()
        return
    evidence = held.evidence
    door.say(
        f"On the same weeks, {held.first:%Y-%m-%d} to {held.last:%Y-%m-%d}, {evidence['account_days']:,} account-weeks "
        f"of {evidence['accounts']:,} accounts, {evidence['complained']:,} with a complaint:"
    )
    door.table([_measure(held, name, words) for name, words in CONTESTED.items()], empty="")
    door.say(f"Verdict: {comparison.verdict(evidence)[1]}.")
    if held.stand_in:
        door.say(
            f"{held.newer} has seen these weeks: in its place stands what the same training makes of what was known "
            f"on {held.first:%Y-%m-%d}."
        )
    door.say()


def _measure(held: Contest, name: str, words: str) -> dict[str, str]:
    newer, older = held.evidence[name]
    _, low, high = held.evidence.get(f"{name}_gain", [None, None, None])
    return {
        "": words,
        held.older: short(older),
        held.newer: short(newer),
        "gain, nine of ten": "" if low is None else f"{low:+.3f} to {high:+.3f}",
    }


def _sides(both: list[Card]) -> list[tuple[Card, dict[str, str]]]:
    return [
        (
            card,
            {
                "learned from": f"{card['window']['train_from']} to {card['window']['fitted_through']}",
                "tested on": f"{card['window']['test_from']} to {card['window']['test_to']}",
                "account-weeks": f"{card['rows']['account_weeks']:,}",
                "with a complaint": f"{card['rows']['with_complaint']:,}",
                "kind": _kind(card["recipe"]["share"]),
                "alert line": short(card["alert_line"]["line"]),
                "data sha256": card["data_sha256"][:12],
            },
        )
        for card in both
    ]


def _kind(linear_share: float) -> str:
    return {1.0: "linear", 0.0: "trees"}.get(linear_share, f"blend, {linear_share:.0%} linear")


def _differences(first: Card, second: Card) -> list[dict[str, Any]]:
    one, other = first["measures"]["model"], second["measures"]["model"]
    return [
        {
            "measure": name,
            first["version"]: one.get(name),
            second["version"]: other.get(name),
            "difference": None if None in (one.get(name), other.get(name)) else other[name] - one[name],
        }
        for name in dict.fromkeys((*one, *other))
    ]


def _metric_changes(first: Card, second: Card) -> dict[str, list[str]]:
    one, other = ({metric["key"]: metric for metric in card["metrics"]} for card in (first, second))
    return {
        "only_in_first": [key for key in one if key not in other],
        "only_in_second": [key for key in other if key not in one],
        "defined_differently": [key for key in one if key in other and one[key] != other[key]],
    }
