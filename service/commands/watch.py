"""How the speaking model does, in the terminal."""

from collections.abc import Iterator
from contextlib import closing

from models import STARTER
from service.commands import door
from service.commands.door import Json
from service.kit.clock import SystemClock
from service.watching import report
from service.watching.report import Report
from service.watching.rules import Span
from service.watching.schemas import model_out

DAYS = 120
WEEKS_SHOWN = 12


def watch(*, json: Json = False) -> None:
    """Tell how the speaking model does: what it promised, what was lived, what has moved, and what to do."""
    settings, now = door.load_settings(), SystemClock().now()
    with closing(door.open_db(settings)) as db, db.read() as session:
        found = report.read(session, settings, now=now, days=DAYS)
        told = model_out(found).model_dump(mode="json")
    if json:
        door.answer(told)
        return
    for line in _lines(found):
        door.say(line)
    if found.weeks:
        door.say()
        door.table([_week(each) for each in found.weeks[-WEEKS_SHOWN:]], empty="")
    moved = [each.sentence for each in found.moves if each.moved]
    if moved:
        door.say()
        door.say("What has moved since the training:")
        for sentence in moved:
            door.say(f"  {sentence}")


def _lines(found: Report) -> Iterator[str]:
    name = "The starter score" if found.speaking == STARTER else f"Model {found.speaking}"
    yield f"{name} speaks; alert line {found.line:.3f}."
    if found.level:
        yield found.level
    for notice in found.notices:
        yield f"! {notice.title}."
        yield from (f"  {line}" for line in notice.lines)
    lived, promised = found.lived, found.promised
    if lived and lived.right is not None:
        was = f", promised {promised.right:.0%}" if promised and promised.right is not None else ""
        yield f"Over the line {lived.right:.0%} complained (90 %: {lived.low:.0%} to {lived.high:.0%}{was})."
    if found.left_out:
        yield found.left_out
    else:
        yield "No outcomes of its scores are known yet: they come when the horizon has passed."
    today = found.today
    if today:
        share = report.share_scored(today)
        scored = "-" if share is None else f"{share:.0%}"
        yield (
            f"{scored} of the accounts are scored, {today.lacking} lack an input, {today.over_line} are over the line, "
            f"{today.alerts} alerts in the last day."
        )
        if today.expected is not None and today.promised is not None:
            yield f"Expected over the line now: {today.expected:.0%} (promised {today.promised:.0%})."
    if found.candidate:
        yield found.candidate.sentence
    yield found.retraining_says


def _week(span: Span) -> dict[str, str]:
    return {
        "week of": f"{report.week_of(span):%Y-%m-%d}",
        "days": str(span.days),
        "said": _share(span.said),
        "complained": _share(span.complained),
        "over the line": f"{span.over / span.days:.0f} a day",
        "right": _share(span.right),
        "90 %": "-" if span.low is None else f"{span.low:.0%} to {span.high:.0%}",
        "top 5 % right": _share(span.top_right),
        "average precision": "-" if span.average_precision is None else f"{span.average_precision:.3f}",
        "calibration error": "-" if span.calibration_error is None else f"{span.calibration_error:.3f}",
    }


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
