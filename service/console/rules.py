"""How numbers and moments read on a page; pure."""

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from models import WrongReason
from service.kit.errors import Invalid
from service.kit.fields import LARGEST

SPARK_DAYS = 30
SPARK_WIDTH = 96
SPARK_HEIGHT = 24
SHARES = frozenset({"share", "ratio", "fraction"})
WORK_DAYS = range(5)
WORK_HOURS = range(8, 19)
MINUTE, HOUR, DAY = 60, 3600, 86_400


MEASURES = {
    "average_precision": "Average precision",
    "roc_auc": "ROC AUC",
    "precision_at_5pct": "Right among the riskiest 5 %",
    "recall_at_5pct": "Complaints among the riskiest 5 %",
    "calibration_error": "Calibration error",
}

# What the history of an alert says where the kind of an event is not a word already.
HAPPENED = {
    "update": "update written",
    "update_plain": "plain heads-up written",
    "update_resolved": "end of it written",
    "update_late": "next update is late",
    "rep_told": "rep told",
    "rep_mailed": "rep got another mail",
    "answered": "reply answered",
    "rep_acknowledged": "rep has it",
    "rep_knew": "rep knew already",
    "rep_replied": "rep replied",
    "auto_reply": "automatic reply came",
    "mail_refused": "mail refused",
    "mail_bounced": "mail came back",
    "address_stopped": "mail came back, address stopped",
    "wrong": "marked wrong",
}
WRONG_REASONS = {
    WrongReason.DATA_ERROR: "The data are not true",
    WrongReason.KNOWN_CAUSE: "Known cause, no risk",
    WrongReason.ALREADY_SOLVED: "Already solved",
    WrongReason.CLIENT_NOT_AFFECTED: "The client is not affected",
    WrongReason.OTHER: "Something else",
}


class NotANumber(Invalid):
    """The target is not a number."""


class Preset(NamedTuple):
    """A moment that a button offers."""

    label: str
    at: datetime


def shade(risk: float, line: float) -> str:
    """The colour of a risk: severe is far over the alert line (twice it, or half way from it to certain)."""
    if risk >= min(2 * line, (1 + line) / 2):
        return "severe"
    if risk >= line:
        return "high"
    return "watch" if risk >= line / 2 else "calm"


def unbroken(sentence: str) -> str:
    """Keep a number and its percent sign on one line."""
    return sentence.replace(" %", "\u00a0%")


def happened(kind: str) -> str:
    """An event of an alert in words."""
    return HAPPENED.get(kind, kind)


def percent(share: float | None) -> str:
    """A share in [0, 1] in words of the page; small ones keep a digit."""
    if share is None:
        return "—"
    value = share * 100
    if 0 < value < 1:
        return "<1 %"
    return f"{value:.0f} %"


def is_share(unit: str) -> bool:
    """Whether values of this unit are shares in [0, 1], shown as percent."""
    return unit.lower() in SHARES


def amount(value: float | None, unit: str = "") -> str:
    """A measured value with its unit."""
    if value is None:
        return "—"
    if is_share(unit):
        return f"{value * 100:.3g} %"
    number = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{number} {unit}".strip()


def stake(chance: float, value: float) -> str:
    """The value at stake: a chance times an account's value, as rough as it is known."""
    worth = chance * value
    rough = round(worth, 1 - math.floor(math.log10(abs(worth)))) if worth else 0.0
    return f"{rough:,.0f}"


def span(seconds: float) -> str:
    """A length of time in whole units of a kind: 12 min, 3 h, 5 d; never less than a minute."""
    seconds = abs(seconds)
    if seconds < MINUTE:
        return "1 min"
    if seconds < HOUR:
        return f"{int(seconds // MINUTE)} min"
    if seconds < 2 * DAY:
        return f"{int(seconds // HOUR)} h"
    return f"{int(seconds // DAY)} d"


def relative(moment: datetime, now: datetime) -> str:
    """When a moment is, seen from now."""
    seconds = (moment - now).total_seconds()
    if abs(seconds) < MINUTE:
        return "now"
    return f"in {span(seconds)}" if seconds > 0 else f"{span(seconds)} ago"


def absolute(moment: datetime, zone: ZoneInfo) -> str:
    """A moment on the reader's clock."""
    return f"{moment.astimezone(zone):%a %d %b %Y, %H:%M %Z}"


def sparkline(history: Sequence[tuple[date, float]], today: date, top: float) -> str:
    """The points of a polyline over the last 30 days; empty when there are fewer than two."""
    first = today - timedelta(days=SPARK_DAYS - 1)
    points = [
        f"{(day - first).days * SPARK_WIDTH / (SPARK_DAYS - 1):.1f},{spark_y(risk, top):.1f}"
        for day, risk in history
        if first <= day <= today
    ]
    return " ".join(points) if len(points) > 1 else ""


def spark_y(risk: float, top: float) -> float:
    """The height of a risk in a sparkline, from its upper edge, with a pixel of air above and below."""
    return 1 + (SPARK_HEIGHT - 2) * (1 - min(risk / top, 1.0)) if top > 0 else SPARK_HEIGHT - 1


def next_update_presets(now: datetime, zone: ZoneInfo) -> list[Preset]:
    """Times for the next update that people promise."""
    local = now.astimezone(zone)
    in_four_hours = _round_up(now + timedelta(hours=4), zone)
    tomorrow = _working_day(local + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
    day_after = _working_day(tomorrow + timedelta(days=1))
    soon = in_four_hours.astimezone(zone)
    at_work = soon.date() == local.date() and soon.weekday() in WORK_DAYS and soon.hour in WORK_HOURS
    moments = [Preset(f"{soon:%H:%M}", in_four_hours)] if at_work else []
    return [*moments, *(Preset(f"{moment:%a %H:%M}", moment) for moment in (tomorrow, day_after))]


def snooze_presets(now: datetime, zone: ZoneInfo) -> list[Preset]:
    """Until when an alert can be put aside."""
    morning = now.astimezone(zone).replace(hour=8, minute=0, second=0, microsecond=0)
    monday = morning + timedelta(days=7 - morning.weekday())
    return [
        Preset("3 hours", now + timedelta(hours=3)),
        Preset("tomorrow 08:00", morning + timedelta(days=1)),
        Preset("Monday 08:00", monday),
    ]


def local_moment(text: str, zone: ZoneInfo) -> datetime | None:
    """Read what a preset or a `datetime-local` field sent; a moment without a zone is on the operator's clock."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def measured(card: Mapping[str, Any]) -> list[tuple[str, float, float | None]]:
    """The measures of a model's card that a page shows, each beside the scorecard's."""
    measures = card.get("measures", {})
    model, scorecard = measures.get("model", {}), measures.get("baselines", {}).get("scorecard", {})
    return [
        (label, model[name], scorecard.get(name)) for name, label in MEASURES.items() if model.get(name) is not None
    ]


def local_number(text: str) -> float | None:
    """Read a number as people type it: a comma may be the decimal mark, and 5 % is 0.05.

    Raises:
        NotANumber: it is none.
    """
    typed = text.replace(" ", "").replace(",", ".")
    if not typed:
        return None
    try:
        number = float(typed.removesuffix("%")) / (100 if typed.endswith("%") else 1)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or abs(number) >= LARGEST:
        raise NotANumber("Type it like 0.05 or 5 %.")
    return number


def safe_path(text: str) -> str:
    """A path of this site to go back to; anything else is the queue."""
    local = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable()
    return text if local else "/"


def _round_up(moment: datetime, zone: ZoneInfo) -> datetime:
    local = moment.astimezone(zone)
    missing = -local.minute % 30
    return (local + timedelta(minutes=missing)).replace(second=0, microsecond=0)


def _working_day(moment: datetime) -> datetime:
    return moment + timedelta(days=0 if moment.weekday() in WORK_DAYS else 7 - moment.weekday())


BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrom": "Chrome", "Safari": "Safari"}
SYSTEMS = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS": "macOS"} | {
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def device(user_agent: str) -> str:
    """A browser as people name it; what it says of itself is not kept."""
    browser = next((name for mark, name in BROWSERS.items() if mark in user_agent), "A browser")
    system = next((name for mark, name in SYSTEMS.items() if mark in user_agent), None)
    return f"{browser} on {system}" if system else browser
