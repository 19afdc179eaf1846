"""What an update must say, and what still has to be told to whom; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from models import Alert, Mail, MailKind, Rep, Resolution, Update, UpdateKind
from service.alerts.rules import clearly_higher
from service.kit.errors import Invalid
from service.kit.hours import Hours
from service.kit.settings import Settings
from service.updates.schemas import UpdateIn

LONGEST_WAIT = timedelta(days=90)
# What was not told by then is no news any more.
STALE_AFTER = timedelta(hours=24)
FIRST_WAIT, LONGEST_BACK_OFF = timedelta(seconds=30), timedelta(minutes=30)
TRIED_FOR, LEAST_TRIES = timedelta(hours=72), 8
MOST_DEATHS = 8
MOST_TRIES, FIRST_RETRY, LONGEST_RETRY = 8, timedelta(seconds=5), timedelta(minutes=1)
REP_CHANGED = "The account has another rep, or the rep another address."
OVERTAKEN = "Something of it was over before it went out; what is left is told by another mail."


class UpdateIncomplete(Invalid):
    """An update must say what is wrong, who has it, what is done and when more is known.

    `missing` names what is not there: `cause`, `owner`, `fix`, or a `next_update_at` that lies ahead.
    """


def check_complete(update: UpdateIn, *, now: datetime) -> datetime:
    """Refuse an update that would leave the rep without an answer for the client; return when the next one comes.

    Raises:
        UpdateIncomplete: with `missing`, all that has to be added.
    """
    missing = [name for name in ("cause", "owner", "fix") if not getattr(update, name)]
    following = update.next_update_at
    if following is None or not now < following <= now + LONGEST_WAIT:
        raise _incomplete([*missing, "next_update_at"])
    if missing:
        raise _incomplete(missing)
    return following


def _incomplete(missing: list[str]) -> UpdateIncomplete:
    words = {
        "cause": "what is wrong",
        "owner": "who has it",
        "fix": "what is being done",
        "next_update_at": "when the next update comes (a time ahead, within 90 days)",
    }
    return UpdateIncomplete(f"Add {'; '.join(words[name] for name in missing)}.", missing=missing)


def pointless(update: Update, alert: Alert, *, known: bool, answered: bool, now: datetime) -> str | None:
    """Say why an update need not be told any more.

    `known` tells whether the rep has heard of the alert. `answered` tells whether operations has written its own update
    since: then a plain heads-up is no longer true.
    """
    if update.kind is UpdateKind.PLAIN and (alert.resolved_at or answered):
        return (
            "The alert ended before the mail went out."
            if alert.resolved_at
            else "Operations has written an update since."
        )
    if known and update.kind is UpdateKind.RESOLVED:
        return None
    if alert.resolution is Resolution.WRONG:
        return "The alert was called wrong before the mail went out."
    if alert.resolved_at and now >= alert.resolved_at + STALE_AFTER:
        return "The alert ended a day before there was a rep to tell."
    return None


def overtaken(updates: Sequence[Update]) -> bool:
    """Whether a composed mail gives advice about an alert that has ended since: its news is then told with the end."""
    ended = {update.alert_id for update in updates if update.kind is UpdateKind.RESOLVED}
    return any(each.alert.resolved_at and each.alert_id not in ended for each in updates)


@dataclass(frozen=True)
class LastTold:
    """The newest that a rep was told about an account: of which alert, when, and by a mail that went `sent` out."""

    alert_id: UUID
    kind: UpdateKind
    at: datetime
    risk: float | None
    promised: datetime | None
    sent: bool


@dataclass(frozen=True)
class Reading:
    """When a rep can be told: hours, an end of a pause, how long news wait for others, and what urgency may break."""

    hours: Hours
    paused_until: datetime | None
    group: timedelta
    urgent_breaks_quiet: bool


def hours_of(rep: Rep, settings: Settings) -> Hours:
    """When a rep reads mail; what the rep's row leaves open, the settings say."""
    return Hours(
        rep.time_zone,
        rep.work_days or settings.work_days,
        rep.quiet_hours or settings.quiet_hours,
        rep.holidays or settings.holidays,
    )


def reading(rep: Rep, settings: Settings, paused_until: datetime | None) -> Reading:
    group = timedelta(seconds=settings.group_seconds)
    return Reading(hours_of(rep, settings), paused_until, group, settings.urgent_breaks_quiet)


class Rush(StrEnum):
    """Why news goes out at once, although the rep may have had a mail about the account today."""

    URGENT = "urgent"
    FIRST_WORD = "first_word"
    ENDED = "ended"
    OWN_WORDS = "own_words"
    RISEN = "risen"
    LATE = "late"


def rush(update: Update, last: LastTold | None) -> Rush | None:
    """Say why news goes out at once, although the rep may have had a mail about the account today."""
    if update.urgent:
        return Rush.URGENT
    if last is None or last.alert_id != update.alert_id:
        return Rush.FIRST_WORD
    return Rush.ENDED if update.kind is UpdateKind.RESOLVED else _bad_news(update, last)


def _bad_news(update: Update, last: LastTold) -> Rush | None:
    if last.kind is UpdateKind.PLAIN:
        return Rush.OWN_WORDS
    if last.risk is not None and update.risk is not None and clearly_higher(update.risk, last.risk):
        return Rush.RISEN
    if last.promised and update.written_at > last.promised:
        return Rush.LATE
    return None


def due(update: Update, last: LastTold | None, reading: Reading) -> datetime:
    """When an update is to be told.

    A rep gets one mail a day about an account. What makes it worse, ends it, or comes later than promised, goes at
    once; anything else waits for the next day, for the digest, or for the time at which news was promised. All of it
    waits for the rep's hours and for news of other accounts, but for what is urgent.
    """
    if update.urgent and reading.urgent_breaks_quiet:
        return update.written_at
    moment = update.written_at + (timedelta() if update.urgent else reading.group)
    if last and not rush(update, last):
        next_day = reading.hours.next_day(last.at)
        moment = max(moment, min(next_day, last.promised or next_day))
    if reading.paused_until:
        moment = max(moment, reading.paused_until)
    return reading.hours.next_open(moment)


def unwanted_by_operations(kind: MailKind, alert: Alert) -> str | None:
    """Say why a mail to operations has nothing to say any more."""
    if alert.resolved_at:
        return "The alert ended before the mail went out."
    if kind is MailKind.ESCALATION and alert.acknowledged_at:
        return "Somebody acknowledged the alert before the mail went out."
    return None


def back_off(failures: int, luck: float) -> timedelta:
    """How long a mail waits after so many failures: anything up to 30 s · 2ⁿ, at most half an hour.

    The wait is drawn over the whole span (`luck` in [0, 1)), so that mails that failed together do not return together.
    """
    longest: timedelta = min(FIRST_WAIT * 2 ** min(failures, 10), LONGEST_BACK_OFF)
    return luck * longest


def failures(mail: Mail) -> int:
    """How often a mail was tried and the try came to an end. A worker that died says nothing about the mail."""
    return mail.attempts - mail.deaths


def given_up(mail: Mail, *, now: datetime) -> bool:
    """Whether a mail has been tried for three days, and not only once or twice in them."""
    return now >= mail.created_at + TRIED_FOR and failures(mail) >= LEAST_TRIES


def deadly(mail: Mail) -> str | None:
    """Say why a mail that was just taken must not be tried: whoever took it so far has died, again and again."""
    if mail.deaths < MOST_DEATHS:
        return None
    return f"A worker that sent it died or stood still {mail.deaths} times."


def retry_after(tries: int) -> timedelta:
    """How long news that could not be composed waits: 5 s, twice as long after each try, at most a minute."""
    longest: timedelta = min(FIRST_RETRY * 2 ** (tries - 1), LONGEST_RETRY)
    return longest
