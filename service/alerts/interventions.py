"""When operations acted on an account, read from the history of its alerts; pure.

An **intervention** is a time in which a client who would have complained may have been kept from it. It begins when
somebody acts on an alert: acknowledges it, writes an update, says that it is fixed, or the rep confirms that the call
is theirs. It lasts until that ends (resolved, snoozed, woken again) and for `LASTING` after it, since a client who has
been looked after does not complain the day after. A snooze alone, an assignment, a view and the plain mail of the
worker are no actions.

An alert called wrong was looked at and left alone: it holds no intervention, unless the rep was told something, or the
reason says that the trouble had already been solved; then somebody acted before the alert was raised.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models import WrongReason

LASTING = timedelta(days=7)
# What was wrong with the data stays in the windows of a week; longer ones are thinned by what follows.
SUSPECT_BEFORE = SUSPECT_AFTER = timedelta(days=7)

ACTED = frozenset({"acknowledged", "update", "rep_acknowledged", "rep_knew", "rep_replied", "resolved"})
TOLD = frozenset({"update", "rep_acknowledged", "rep_knew", "rep_replied"})
PAUSED = frozenset({"snoozed", "woken"})


@dataclass(frozen=True)
class Happened:
    """A line of an alert's history."""

    at: datetime
    kind: str


@dataclass(frozen=True)
class Story:
    """An alert as far as training cares: its account, when it lived, what happened, and what was wrong with it."""

    account_id: int
    opened_at: datetime
    ended_at: datetime | None
    wrong: WrongReason | None
    events: Sequence[Happened]


@dataclass(frozen=True)
class Span:
    """A time of an account, [since, until)."""

    account_id: int
    since: datetime
    until: datetime


def interventions(stories: Iterable[Story], *, now: datetime) -> list[Span]:
    """The times in which operations acted, of each account in order and without overlap."""
    spans = [span for story in stories for span in _acted(story, now)]
    return _merged(spans)


def suspect(stories: Iterable[Story], *, now: datetime) -> list[Span]:
    """The times whose data were not true: those of alerts that were called wrong for that reason."""
    return _merged(
        Span(story.account_id, story.opened_at - SUSPECT_BEFORE, (story.ended_at or now) + SUSPECT_AFTER)
        for story in stories
        if story.wrong is WrongReason.DATA_ERROR
    )


def _acted(story: Story, now: datetime) -> list[Span]:
    events = story.events
    if story.wrong is WrongReason.ALREADY_SOLVED:
        events = [Happened(story.opened_at, "acknowledged"), *events]
    elif story.wrong is not None and not any(event.kind in TOLD for event in events):
        return []
    found, since = [], None
    for event in events:
        if event.kind in ACTED and since is None:
            since = event.at
        elif event.kind in PAUSED and since is not None:
            found.append(Span(story.account_id, since, event.at + LASTING))
            since = None
    if since is not None:
        found.append(Span(story.account_id, since, (story.ended_at or now) + LASTING))
    return found


def _merged(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.account_id, each.since)):
        last = found[-1] if found else None
        if last and last.account_id == span.account_id and span.since <= last.until:
            found[-1] = Span(span.account_id, last.since, max(last.until, span.until))
        else:
            found.append(span)
    return found
