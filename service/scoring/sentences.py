"""Why a risk is high: numbers, the account's own past, the target, and what is typical elsewhere.

A sentence is only made where its numbers show what it claims; otherwise there is none. Its words stand in a template.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from service.kit.phrases import Phrases
from service.scoring.definitions import LAST, MEAN, SUM, Definition
from service.scoring.phrasebook import OURS

Stats = Mapping[str, float]
RECENT_DAYS = 28
YOUNG_DAYS, OLD_DAYS = 90, 365
LEAST_DIFFERENCE = 0.05
# In spreads of the own past's days; what is less is told later, but never counts for less than a quarter.
CLEAR, LEAST_CLARITY = 2.0, 0.25
# How many times the usual, and how many more, make complaints worth calling more than usual.
MORE_COMPLAINTS = 1.25, 0.75
# What a sentence shows, in the order in which people want to hear it: that something changed for the worse (or better)
# against the account's own past or its target; that it is worse (or better) than at a typical account; or only what
# kind of account this is: its volume, its age, metrics that are neither good nor bad.
CHANGE, LEVEL, CONTEXT = KINDS = ("change", "level", "context")


class Said(NamedTuple):
    """A sentence, what it shows, and how clearly: 1, or less for a change within the account's usual ups and downs."""

    kind: str
    sentence: str
    clarity: float = 1.0


@dataclass(frozen=True)
class Subject:
    """A metric of one account: what it is, how it is now, and how it is at a typical account."""

    definition: Definition
    stats: Stats
    typical: Stats
    words: Phrases = OURS


def of_metric(subject: Subject, direction: str) -> Said | None:
    """Say what of a metric raises ("up") or lowers ("down") the risk; None if no number shows it."""
    worse = 1 if direction == "up" else -1
    if not subject.definition.sign:
        said = _standing(subject)
        return Said(CONTEXT, said) if said else None
    if said := _against_past(subject, worse) or _against_target(subject, worse):
        return Said(CHANGE, said, _clarity(subject, worse))
    if said := _against_typical(subject, worse):
        return Said(LEVEL, said)
    said = _silence(subject) if direction == "up" else None
    return Said(CHANGE, said) if said else None


def of_complaints(stats: Stats, direction: str, words: Phrases = OURS) -> Said | None:
    """Say what the complaints so far mean for the risk."""
    recent, quarter = int(stats["count_28"]), int(stats["count_90"])
    usual = (quarter - recent) * 28 / 62
    times, more = MORE_COMPLAINTS
    if direction == "down":
        return None if quarter else Said(LEVEL, words.say("no_complaints"))
    if recent >= max(times * usual, usual + more):
        return Said(CHANGE, words.say("more_complaints", number=recent, usual=_plain(usual)))
    return Said(LEVEL, words.say("complaints", number=quarter)) if quarter else None


def of_account(stats: Stats, direction: str, words: Phrases = OURS) -> Said | None:
    """Say what the account's age means for the risk."""
    days = stats["age"]
    if direction == "up" and days < YOUNG_DAYS:
        return Said(CONTEXT, words.say("young_account", days=round(days)))
    if direction == "down" and days > OLD_DAYS:
        return Said(CONTEXT, words.say("old_account", months=round(days / 30.4)))
    return None


def of_items(stats: Stats, word: str, direction: str, words: Phrases = OURS) -> Said | None:
    """Say what the account's orders, tickets or deliveries that are under way mean for the risk."""
    live, alike, oldest = round(stats["live"]), round(stats["alike"]), stats["oldest"]
    if not live or (direction == "down" and alike):
        return None
    if direction == "down":
        return Said(LEVEL, words.say("no_items_alike", live=live, word=word))
    if not alike:
        return Said(CONTEXT, words.say("items", live=live, word=word))
    age = 0 if math.isnan(oldest) or oldest < 1 else round(oldest)
    return Said(LEVEL, words.say("items_alike", alike=alike, live=live, word=word, oldest=age))


def word_of_items(carrying: Iterable[Definition]) -> str:
    """What the items are called: the unit of what is counted of them, such as "orders"."""
    units = (definition.unit.strip().lower() for definition in carrying if definition.combine == SUM)
    return next((unit for unit in units if unit.isalpha() and unit.endswith("s")), "items")


def _against_past(subject: Subject, worse: int) -> str | None:
    definition, stats = subject.definition, subject.stats
    if definition.combine == LAST:
        return _gauge_against_past(subject, worse)
    for days in (7, 28):
        times = days if definition.combine == SUM else 1
        level, usual = stats[f"level_{days}"] * times, stats["usual"] * times
        if not _is(definition, worse, level, usual) or figure(definition, level) == figure(definition, usual):
            continue
        now, before = amount(definition, level), figure(definition, usual)
        if definition.combine == SUM:
            return subject.words.say("total_moved", label=definition.label, now=now, days=days, usual=before)
        facts = {"label": definition.label, "before": before, "now": now, "days": days}
        return subject.words.say("mean_moved", **facts, target=_missed(subject, worse))
    return None


def _clarity(subject: Subject, worse: int) -> float:
    """How far beyond its usual ups and downs a metric is: 1 from CLEAR spreads of its own past on.

    A large account has more of everything, so a total or a gauge weighs there even while nothing has changed.
    """
    moves = [subject.stats[name] for name in ("change_7", "change_28") if not math.isnan(subject.stats[name])]
    if not moves:
        return 1.0
    furthest = max(move * subject.definition.sign * worse for move in moves)
    return min(max(furthest / CLEAR, LEAST_CLARITY), 1.0)


def _gauge_against_past(subject: Subject, worse: int) -> str | None:
    definition, stats = subject.definition, subject.stats
    now, usual = stats["last"], stats["usual"]
    fresh = stats["age"] < RECENT_DAYS
    if not fresh or not _is(definition, worse, now, usual) or figure(definition, now) == figure(definition, usual):
        return None
    facts = {"label": definition.label, "now": amount(definition, now), "usual": figure(definition, usual)}
    return subject.words.say("level_moved", **facts, target=_missed(subject, worse))


def _against_target(subject: Subject, worse: int) -> str | None:
    definition = subject.definition
    if definition.target is None or not definition.sign:
        return None
    value, per = _present(subject)
    if not _is(definition, worse, value, definition.target):
        return None
    # A target is that of a day; so is the level of a total.
    per = "day" if definition.combine == SUM else per
    facts = {"label": definition.label, "now": amount(definition, value), "per": per}
    return subject.words.say("beside_target", **facts, target=figure(definition, definition.target))


def _against_typical(subject: Subject, worse: int) -> str | None:
    typical = _typical(subject)
    shown = _is(subject.definition, worse, _present(subject)[0], typical)
    return _beside(subject, typical=typical) if shown else None


def _standing(subject: Subject) -> str | None:
    """Say where an account stands: "Orders: 45 in 28 days, usually 40; at a typical account 6".

    More of what is neither good nor bad may raise the risk or lower it, so any difference shows it.
    """
    usual, typical, value = subject.stats["usual"], _typical(subject), _present(subject)[0]
    unlike = any(_is(subject.definition, way, value, other) for way in (1, -1) for other in (usual, typical))
    return _beside(subject, usual=usual, typical=typical) if unlike else None


def _beside(subject: Subject, *, usual: float = math.nan, typical: float = math.nan) -> str | None:
    """The present value beside others; None where all read the same."""
    definition, (value, per) = subject.definition, _present(subject)
    times = RECENT_DAYS if definition.combine == SUM else 1
    others = {"usual": usual, "typical": typical}
    known = {name: "" if math.isnan(other) else figure(definition, other * times) for name, other in others.items()}
    if not any(known.values()) or all(other in {"", figure(definition, value * times)} for other in known.values()):
        return None
    now = amount(definition, value * times)
    return subject.words.say("beside_others", label=definition.label, now=now, per=per, **known)


def _silence(subject: Subject) -> str | None:
    days = subject.stats["age"]
    if math.isnan(days) or days < 7 or subject.definition.combine == SUM:
        return None
    return subject.words.say("silent", label=subject.definition.label, days=int(days))


def _present(subject: Subject) -> tuple[float, str]:
    """The present value, NaN where there is none, and the time it covers."""
    if subject.definition.combine == LAST:
        return (subject.stats["last"] if subject.stats["age"] < RECENT_DAYS else math.nan), ""
    return subject.stats["level_28"], "28 days"


def _typical(subject: Subject) -> float:
    return subject.typical.get("last" if subject.definition.combine == LAST else "level_28", math.nan)


def _missed(subject: Subject, worse: int) -> str:
    """The target, where it is missed and worth a word."""
    definition = subject.definition
    if worse < 0 or definition.target is None or definition.combine == SUM:
        return ""
    value = subject.stats["last" if definition.combine == LAST else "level_7"]
    missed = _is(definition, 1, value, definition.target)
    return figure(definition, definition.target) if missed else ""


def _is(definition: Definition, worse: int, value: float, than: float) -> bool:
    """Whether `value` is worse (or with worse = -1 better) than `than`; for a neutral metric: more (or less).

    A difference of less than a twentieth convinces nobody.
    """
    moved = (value - than) * (definition.sign or 1) * worse
    return moved > 0 and moved >= LEAST_DIFFERENCE * max(abs(value), abs(than))


def amount(definition: Definition, value: float) -> str:
    """A value as people write it: "19 %", "7 days"; without the unit where the label names it."""
    text, unit = figure(definition, value), definition.unit.strip()
    if unit in {"", "share", "%", "count"} or unit.lower() in definition.label.lower():
        return text
    return f"{text} {unit.removesuffix('s') if text == '1' else unit}"


def figure(definition: Definition, value: float) -> str:
    """The number alone; shares are percent and say so."""
    if definition.unit in {"share", "%"}:
        percent = value * 100 if definition.unit == "share" else value
        return f"{_plain(percent, 1 if abs(percent) < 1 else 0)} %"
    return _plain(value, _digits(abs(value), counted=definition.combine != MEAN))


def _digits(size: float, *, counted: bool) -> int:
    """Enough digits to see a change: 1,234; 12.5; 0.43; and no false ones where things are counted."""
    if size >= 100:
        return 0
    return 1 if size >= 1 or (counted and size >= 0.1) else 2


def _plain(value: float, digits: int = 1) -> str:
    text = f"{value:,.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
