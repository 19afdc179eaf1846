"""Remove what is older than it is to be kept: once a day, in batches, with room for others in between."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from service.access.actions import record
from service.keeping import queries
from service.kit.database import Database
from service.kit.settings import Settings

BY = "headsup"
PAUSE_SECONDS = 0.05
ROUND_SECONDS = 20.0
Clear = Callable[[Database, date], Iterator[int]]


def _observations(db: Database, since: date) -> Iterator[int]:
    before = datetime.combine(since, datetime.min.time(), UTC)
    removed = 1
    while removed:
        with db.begin() as session:
            removed = queries.forget_observations(session, before=before)
        yield removed


def _scores(db: Database, since: date) -> Iterator[int]:
    last: int | None = 0
    while last is not None:
        with db.begin() as session:
            removed, last = queries.forget_score_days(session, before=since, after_account=last)
        yield removed


def _mails(db: Database, since: date) -> Iterator[int]:
    before = datetime.combine(since, datetime.min.time(), UTC)
    emptied = 1
    while emptied:
        with db.begin() as session:
            emptied = queries.forget_contents(session, before=before)
        yield emptied


def _replies(db: Database, since: date) -> Iterator[int]:
    before = datetime.combine(since, datetime.min.time(), UTC)
    for forget in (queries.forget_replies, queries.forget_inbound):
        removed = 1
        while removed:
            with db.begin() as session:
                removed = forget(session, before=before)
            yield removed


CLEAR: Mapping[str, Clear] = {"observations": _observations, "scores": _scores, "mails": _mails, "replies": _replies}


def kept_days(settings: Settings) -> dict[str, int]:
    """How long each kind is kept, in days; 0 is for ever."""
    return {
        "observations": settings.keep_observations_days,
        "scores": settings.keep_scores_days,
        "mails": settings.keep_mails_days,
        "replies": settings.keep_replies_days,
    }


def keep(db: Database, settings: Settings, *, now: datetime) -> int:
    """Clear what is due; return how many rows. What is not done in time goes on in the next round."""
    give_up = time.monotonic() + ROUND_SECONDS
    with db.read() as session:
        ended = {what for what, row in queries.keepings(session).items() if row.done and row.day == now.date()}
    return sum(
        _keep(db, what, now.date() - timedelta(days=days), now=now, give_up=give_up)
        for what, days in kept_days(settings).items()
        if days and what not in ended
    )


def _keep(db: Database, what: str, since: date, *, now: datetime, give_up: float) -> int:
    with db.begin() as session:
        if not queries.claim(session, what, day=now.date()):
            return 0
    removed, done = 0, True
    for batch in CLEAR[what](db, since):
        removed += batch
        if time.monotonic() > give_up:
            done = False
            break
        if batch:
            time.sleep(PAUSE_SECONDS)
    with db.begin() as session:
        queries.note(session, what, removed=removed, since=since, done=done)
        if removed:
            record(session, BY, "data.expire", what, now=now, rows=removed, before=since.isoformat())
    return removed
