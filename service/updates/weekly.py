"""The weekly mails: to each rep how the portfolio stands, to each manager which reps need time.

There is one a reader and ISO week, by the key of its mail. It is due on a day and at an hour of the reader's wall
clock; what a standstill left out is made up for, unless a later week is due, or will be within a day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import NAMESPACE_URL, uuid4, uuid5

import structlog

from models import STARTER, MailKind, Rep, Update
from service.commitments import queries as commitments
from service.kit.database import Database, Session
from service.kit.hours import A_DAY, Hours
from service.kit.settings import Settings
from service.news import queries as news_queries
from service.updates import facts, holds, posting, promises, rules, ways_back
from service.updates.contents import Digest, ManagerWeek, RepWeek, Standing, To
from service.updates.parts import NewsLine, Promise
from service.updates.posting import Parcel
from service.updates.queries import outbox, owed, weekly
from service.updates.queries.weekly import WEEK, Seen
from service.updates.tell import NotComposed, ToldMeanwhile

log = structlog.get_logger()

# A change of the risk that is worth a word.
MOVED = 0.1
# Catching up in the night helps nobody; but who wants the mail in the night gets it then.
AT_ONCE = timedelta(hours=1)
# Promises that are due until the week after the next mail.
PROMISED_WITHIN = 2 * WEEK


@dataclass(frozen=True)
class Week:
    """An ISO week whose mail is due since `at`."""

    first_day: date
    at: datetime

    @property
    def name(self) -> str:
        year, week, _ = self.first_day.isocalendar()
        return f"{year}-W{week:02d}"


def due_week(hours: Hours, day: int, hour: int, *, now: datetime) -> Week | None:
    """The newest week whose mail is due: on that day of it, or the next one on which the reader works."""
    this_week = hours.day(now) - (hours.day(now).isoweekday() - 1) * A_DAY
    weeks = [_week(hours, this_week + offset * WEEK, day, hour) for offset in (1, 0, -1)]
    for week, later in zip(weeks[1:], weeks, strict=False):
        if week.at <= now:
            caught_up = hours.is_open(now) and now + A_DAY < later.at
            return week if now < week.at + AT_ONCE or caught_up else None
    return None


def _week(hours: Hours, first_day: date, day: int, hour: int) -> Week:
    days = [first_day + offset * A_DAY for offset in range(day - 1, day + 6)]
    return Week(first_day, hours.wall(next(filter(hours.works, days), days[0]), time(hour)))


def compose(db: Database, settings: Settings, *, now: datetime) -> int:
    """Compose the weekly mails that are due; return how many.

    Raises:
        NotComposed: some could not be.
    """
    with db.read() as session:
        if holds.of_reps(session, now=now):
            return 0
        reps = _due_reps(session, settings, now=now)
        managers = _due_managers(session, settings, now=now)
    done = failed = 0
    for rep_id, week in reps:
        try:
            done += _digest(db, rep_id, week, settings, now=now)
        except Exception:
            failed += 1
            log.exception("mail_not_composed", rep_id=rep_id, week=week.name)
    for manager, week in managers:
        try:
            done += _manager_week(db, manager, week, settings, now=now)
        except Exception:
            failed += 1
            log.exception("mail_not_composed", week=week.name)
    if failed:
        raise NotComposed(f"{failed} weekly mails could not be composed; see the log.")
    return done


def _due_reps(session: Session, settings: Settings, *, now: datetime) -> list[tuple[int, Week]]:
    due: dict[str, tuple[int, Week]] = {}
    for rep in weekly.readers(session, now=now):
        day = settings.digest_day if rep.digest_day is None else rep.digest_day
        hour = settings.digest_hour if rep.digest_hour is None else rep.digest_hour
        week = due_week(rules.hours_of(rep, settings), day, hour, now=now) if day else None
        if week and rep.created_at < week.at:
            due[_digest_key(rep.id, week)] = rep.id, week
    return [due[key] for key in sorted(due.keys() - outbox.known_keys(session, list(due)))]


def _digest_key(rep_id: int, week: Week) -> str:
    return f"digest:{rep_id}:{week.name}"


def _digest(db: Database, rep_id: int, week: Week, settings: Settings, *, now: datetime) -> bool:
    try:
        with db.begin() as session:
            rep = owed.take(session, rep_id)
            return rep is not None and _post_digest(session, rep, week, settings, now=now)
    except ToldMeanwhile:
        return False


def _post_digest(session: Session, rep: Rep, week: Week, settings: Settings, *, now: datetime) -> bool:
    to = facts.to(uuid4(), rep, settings)
    seen = weekly.standings(session, [rep.id], now=now)[rep.id]
    complained, _ = weekly.complaints(session, [rep.id], since=now - WEEK).get(rep.id, (0, 0))
    today = rules.hours_of(rep, settings).day(now)
    parcel = Parcel(
        kind=MailKind.DIGEST,
        key=_digest_key(rep.id, week),
        content=replace(
            digest(to, week.first_day, seen, complaints=complained),
            news=_news(session, rep, today),
            promises=tuple(_promised(session, rep, until=today + PROMISED_WITHIN)),
        ),
        email=rep.email,
        root=f"digest.{to.id.hex}",
        list_name="weekly",
        unsubscribe=ways_back.unsubscribe_url(settings, rep.id),
        rep_id=rep.id,
    )
    if not posting.post(session, parcel, settings, now=now):
        return False
    if not owed.settle(session, _folded(session, rep, now=now), mail_id=to.id):
        raise ToldMeanwhile
    return True


def _promised(session: Session, rep: Rep, *, until: date) -> Iterator[Promise]:
    """What clients were promised. One that no mail can tell is left out, so that the week is told all the same."""
    for each in commitments.coming(session, [rep.id], until=until):
        try:
            yield promises.promise(each)
        except Exception:
            log.exception("promise_left_out", commitment_id=str(each.id))


def _news(session: Session, rep: Rep, today: date) -> tuple[NewsLine, ...]:
    """What is new since the rep's last weekly mail: each line stands in one."""
    before, mine = weekly.last_digest(session, rep.id), weekly.segments(session, rep.id)
    return tuple(
        NewsLine(line.text, line.segment or "")
        for line in news_queries.standing(session, since=today)
        if line.from_day <= today
        and (line.segment is None or line.segment in mine)
        and (before is None or before < max(line.created_at, _begins(line.from_day, rep)))
    )


def _begins(day: date, rep: Rep) -> datetime:
    return Hours(rep.time_zone).wall(day, time())


def _folded(session: Session, rep: Rep, *, now: datetime) -> list[Update]:
    """The news that waits for the day's next mail: the digest has it."""
    updates = owed.owed(session, rep.id, now=now)
    last = owed.last_told(session, rep.id, {update.alert.account_id for update in updates})
    live = [update for update in updates if update.alert.resolved_at is None]
    return [update for update in live if not rules.rush(update, last.get(update.alert.account_id))]


def digest(to: To, first_day: date, seen: Sequence[Seen], *, complaints: int) -> Digest:
    """Sort the accounts: those that need a call, those that changed, and those that are fine."""
    call: list[Standing] = []
    changed: list[Standing] = []
    fine: list[Standing] = []
    for each in seen:
        standing = _standing(each)
        moved = each.before is not None and abs(each.score.risk - each.before) >= MOVED
        (call if standing.open else changed if moved or standing.ended else fine).append(standing)
    return Digest(to, first_day, tuple(call), tuple(changed), tuple(fine), complaints)


def _standing(seen: Seen) -> Standing:
    rising = [each["sentence"] for each in seen.score.reasons if each["direction"] == "up" and each["sentence"]]
    return Standing(
        account_id=seen.account.external_id,
        name=seen.account.name,
        risk=seen.score.risk,
        before=seen.before,
        trained=seen.score.model != STARTER,
        open=seen.live is not None,
        ended=seen.ended,
        why=rising[0] if rising else "",
        said=facts.said(seen.said) if seen.said else None,
        told_at=seen.told_at,
        days=seen.days,
    )


def _due_managers(session: Session, settings: Settings, *, now: datetime) -> list[tuple[str, Week]]:
    """Managers live by the clock of their first rep and have no hours of their own."""
    due: dict[str, tuple[str, Week]] = {}
    for email, reps in weekly.managed(session).items() if settings.digest_day else ():
        hours = Hours(reps[0].time_zone, settings.work_days, settings.quiet_hours, settings.holidays)
        week = due_week(hours, settings.digest_day, settings.digest_hour, now=now)
        if week and min(rep.created_at for rep in reps) < week.at:
            due[_manager_key(email, week)] = email, week
    return [due[key] for key in sorted(due.keys() - outbox.known_keys(session, list(due)))]


def _manager_key(email: str, week: Week) -> str:
    return f"manager:{uuid5(NAMESPACE_URL, f'mailto:{email}').hex}:{week.name}"


def _manager_week(db: Database, email: str, week: Week, settings: Settings, *, now: datetime) -> bool:
    with db.begin() as session:
        reps = weekly.managed(session).get(email, [])
        if not reps:
            return False
        to = To(uuid4(), "", reps[0].time_zone, settings.site_url)
        parcel = Parcel(
            kind=MailKind.MANAGER,
            key=_manager_key(email, week),
            content=ManagerWeek(to, week.first_day, tuple(_rep_weeks(session, reps, now=now))),
            email=email,
            root=f"manager.{to.id.hex}",
            list_name="weekly",
        )
        return posting.post(session, parcel, settings, now=now)


def _rep_weeks(session: Session, reps: Sequence[Rep], *, now: datetime) -> list[RepWeek]:
    """The reps with most accounts to call first."""
    ids = [rep.id for rep in reps]
    seen, complained = weekly.standings(session, ids, now=now), weekly.complaints(session, ids, since=now - WEEK)
    waiting = weekly.unacknowledged(session, ids, since=now - WEEK)
    found = []
    for rep in reps:
        complaints, told = complained.get(rep.id, (0, 0))
        call = tuple(_standing(each) for each in seen[rep.id] if each.live)
        found.append(RepWeek(rep.name, rep.email, len(seen[rep.id]), call, told, complaints, waiting.get(rep.id, 0)))
    return sorted(found, key=lambda week: (-len(week.call), -week.unacknowledged, week.name))
