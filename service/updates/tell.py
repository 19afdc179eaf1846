"""Tell the reps what is owed to them: gather the news of each, and compose a mail when it is time.

An update is told by one mail. A rep is composed for by one worker at a time, and what has been decided about an update
stands in its telling: a crash loses nothing, and nothing is told twice. Each try is counted before it begins, so that
news that ends its worker is not tried for ever.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog

from models import MailKind, Rep, Update, UpdateKind
from service.access import actions as access
from service.alerts.actions import WORKER
from service.kit import crash
from service.kit.database import Database, Session
from service.kit.errors import Conflict, Unavailable
from service.kit.settings import Settings
from service.updates import facts, holds, poison, posting, rules
from service.updates.contents import Group
from service.updates.facts import Story
from service.updates.posting import Parcel
from service.updates.queries import addresses, owed, told
from service.updates.rules import Reading

log = structlog.get_logger()

# More pictures than that nobody looks at, in a mail about many accounts.
DRAWN = 12
# News that was tried so often makes trouble, or stands beside some that does: each goes alone, to find out which.
SUSPECT = 2


class NotComposed(Unavailable):
    """Some mails could not be composed. The log says why; after eight tries they are parked."""


class ToldMeanwhile(Conflict):
    """Another worker has just told one of these updates."""


def compose(db: Database, settings: Settings, *, now: datetime) -> int:
    """Compose the mails that reps are owed and whose time has come; return how many.

    News that cannot be composed stands in nobody's way: that of a rep's other accounts then goes alone.

    Raises:
        NotComposed: some could not be.
    """
    with db.read() as session:
        reps = {} if holds.of_reps(session, now=now) else owed.owing(session, now=now)
        paused = addresses.paused(session, now=now) if reps else {}
    done = failed = 0
    for rep_id, tries in reps.items():
        if tries < SUSPECT:
            try:
                done += _compose(db, rep_id, None, settings, paused.get(rep_id), now=now)
                continue
            except Exception:
                log.exception("mail_not_composed", rep_id=rep_id)
        done_alone, failed_alone = _one_by_one(db, rep_id, settings, paused.get(rep_id), now=now)
        done, failed = done + done_alone, failed + failed_alone
    if failed:
        raise NotComposed(f"{failed} of {done + failed} mails could not be composed; see the log.")
    return done


def _one_by_one(
    db: Database, rep_id: int, settings: Settings, paused_until: datetime | None, *, now: datetime
) -> tuple[int, int]:
    """Compose the news of each alert of a rep alone; return how many could be, and how many could not."""
    tries: dict[UUID, int] = defaultdict(int)
    with db.read() as session:
        for update in owed.owed(session, rep_id, now=now):
            tries[update.alert_id] = max(tries[update.alert_id], update.tries)
    done = failed = 0
    for alert_id in sorted(tries, key=lambda each: (tries[each], each)):
        if tries[alert_id] >= rules.MOST_TRIES:
            died = f"A worker that composed it died {tries[alert_id]} times."
            poison.park(db, rep_id, alert_id, died, settings, now=now)
            continue
        try:
            done += _compose(db, rep_id, alert_id, settings, paused_until, now=now)
        except Exception as error:
            failed += 1
            log.exception("mail_not_composed", alert_id=str(alert_id))
            poison.failed(db, rep_id, alert_id, error, settings, tries=tries[alert_id] + 1, now=now)
    return done, failed


def _compose(
    db: Database, rep_id: int, only: UUID | None, settings: Settings, paused_until: datetime | None, *, now: datetime
) -> bool:
    try:
        with db.begin() as session:
            _, ready = _ready(session, rep_id, only, settings, paused_until, now=now)
            if not ready:
                return False
            owed.count_try(session, [update for story in ready for update in story.updates])
        crash.point("news-taken")
        with db.begin() as session:
            rep, ready = _ready(session, rep_id, only, settings, paused_until, now=now)
            return rep is not None and bool(ready) and _post(session, rep, ready, settings, now=now)
    except ToldMeanwhile:
        return False


def _ready(
    session: Session,
    rep_id: int,
    only: UUID | None,
    settings: Settings,
    paused_until: datetime | None,
    *,
    now: datetime,
) -> tuple[Rep | None, list[Story]]:
    """The rep, held for us, and the news to tell now: none if another worker has the rep, or nothing is due."""
    rep = owed.take(session, rep_id)
    if rep is None:
        return None, []
    updates = [each for each in owed.owed(session, rep_id, now=now) if only in {None, each.alert_id}]
    found = _worth_telling(session, rep, updates, now=now)
    reading = rules.reading(rep, settings, paused_until)
    if not any(_is_due(story, reading, now=now) for story in found):
        return rep, []
    # One mail goes now, so nothing has to wait for company any more.
    at_once = replace(reading, group=timedelta())
    return rep, [story for story in found if _is_due(story, at_once, now=now)]


def _worth_telling(session: Session, rep: Rep, updates: Sequence[Update], *, now: datetime) -> list[Story]:
    """Drop what need not be told any more, for a reason; gather the rest by alert."""
    last = owed.last_told(session, rep.id, {update.alert.account_id for update in updates})
    wanted: list[Update] = []
    for update in updates:
        answered = told.is_answered(session, update.alert_id, since=update.written_at)
        known = bool(owed.thread(session, update.alert_id, rep.id))
        announced = known or any(
            each.kind is UpdateKind.WRITTEN and each.alert_id == update.alert_id for each in wanted
        )
        if why := rules.pointless(update, update.alert, known=announced, answered=answered, now=now):
            drop(session, update, why, now=now)
        else:
            wanted.append(update)
    return facts.stories(session, rep, wanted, last)


def drop(session: Session, update: Update, why: str, *, now: datetime) -> None:
    """Note that an update is not told to anybody, and why."""
    if not owed.settle(session, [update], reason=why):
        raise ToldMeanwhile
    access.record(session, WORKER, "mail.drop", str(update.id), now=now, reason=why)
    log.info("update_dropped", update_id=str(update.id))


def _is_due(story: Story, reading: Reading, *, now: datetime) -> bool:
    """Whether some of an alert's news cannot wait; an alert that has ended is told of with its end, and not before."""
    if story.alert.resolved_at and story.newest.kind is not UpdateKind.RESOLVED:
        return False
    return any(rules.due(update, story.last, reading) <= now for update in story.updates)


def _post(session: Session, rep: Rep, stories: Sequence[Story], settings: Settings, *, now: datetime) -> bool:
    """Write one mail about all of it, and note what it tells."""
    to = facts.to(uuid4(), rep, settings)
    news = tuple(
        facts.news(story, to, facts.client(session, story.alert, settings, now=now, drawn=place < DRAWN))
        for place, story in enumerate(stories)
    )
    first = stories[0]
    alone = len(stories) == 1
    parcel = Parcel(
        kind=MailKind.HEADS_UP,
        key=f"update:{first.newest.id}",
        content=news[0] if alone else Group(to, news),
        email=rep.email,
        root=f"alert.{first.alert.id.hex}" if alone else f"accounts.{to.id.hex}",
        earlier=tuple(mail.message_id for mail in first.thread) if alone else (),
        rep_id=rep.id,
        alert_id=first.alert.id if alone else None,
        update_id=first.newest.id,
    )
    if not posting.post(session, parcel, settings, now=now):
        return False
    told_here = [update for story in stories for update in story.updates]
    if not owed.settle(session, told_here, mail_id=to.id):
        raise ToldMeanwhile
    return True


def compose_one(session: Session, update_id: UUID, settings: Settings, *, now: datetime) -> bool:
    """Compose the mail of one update now, whatever the hour: the rehearsal's way."""
    update = owed.one(session, update_id)
    if update is None or update.alert.account.rep is None:
        return False
    rep = update.alert.account.rep
    return _post(session, rep, facts.stories(session, rep, [update], {}), settings, now=now)
