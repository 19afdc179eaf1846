"""What an update must say, and what still has to be told to whom; pure."""

from datetime import datetime, timedelta

from models import Alert, Mail, MailKind, Resolution, UpdateKind
from service.kit.errors import Invalid
from service.updates.schemas import UpdateIn

LONGEST_WAIT = timedelta(days=90)
# What was not told by then is no news any more.
STALE_AFTER = timedelta(hours=24)
FIRST_WAIT, LONGEST_BACK_OFF = timedelta(seconds=30), timedelta(minutes=30)
TRIED_FOR, LEAST_TRIES = timedelta(hours=72), 8
REP_CHANGED = "The account has another rep, or the rep another address."


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


def unwanted(kind: UpdateKind, alert: Alert, *, answered: bool, now: datetime) -> str | None:
    """Say why an update must not be mailed any more.

    `answered` tells whether operations has written its own update since: then a plain heads-up is no longer true.
    """
    if kind is UpdateKind.RESOLVED:
        return None
    if alert.resolution is Resolution.WRONG:
        return "The alert was called wrong before the mail went out."
    if kind is UpdateKind.PLAIN and alert.resolved_at:
        return "The alert ended before the mail went out."
    if kind is UpdateKind.PLAIN and answered:
        return "Operations has written an update since."
    if alert.resolved_at and now >= alert.resolved_at + STALE_AFTER:
        return "The alert ended a day before there was a rep to tell."
    return None


def unwanted_by_operations(kind: MailKind, alert: Alert) -> str | None:
    """Say why a mail to operations has nothing to say any more."""
    if alert.resolved_at:
        return "The alert ended before the mail went out."
    if kind is MailKind.ESCALATION and alert.acknowledged_at:
        return "Somebody acknowledged the alert before the mail went out."
    return None


def back_off(attempts: int, luck: float) -> timedelta:
    """How long a mail waits after so many tries: anything up to 30 s · 2ⁿ, at most half an hour.

    The wait is drawn over the whole span (`luck` in [0, 1)), so that mails that failed together do not return together.
    """
    longest: timedelta = min(FIRST_WAIT * 2 ** min(attempts, 10), LONGEST_BACK_OFF)
    return luck * longest


def given_up(mail: Mail, *, now: datetime) -> bool:
    """Whether a mail has been tried for three days, and not only once or twice in them."""
    return now >= mail.created_at + TRIED_FOR and mail.attempts >= LEAST_TRIES
