"""A last look at a mail before it is handed over: whether it is still true, and may come at this hour."""

from datetime import datetime

from models import Mail, MailKind
from service.kit.database import Session
from service.kit.settings import Settings
from service.updates import promises, rules
from service.updates.held import Wait
from service.updates.queries import outbox, owed, told

LOOKED_AT = frozenset({MailKind.HEADS_UP, MailKind.COMMITMENT})


def old_news(session: Session, mail: Mail, *, now: datetime) -> str | None:
    """Say why a mail is not true any more, in whole or in part."""
    if mail.kind is MailKind.COMMITMENT:
        return promises.untrue(session, mail)
    updates = owed.told_in(session, mail.id)
    if any(update.alert.account.rep_id != mail.rep_id for update in updates):
        return rules.REP_CHANGED
    reasons = [
        rules.pointless(
            update,
            update.alert,
            known=True,
            answered=told.is_answered(session, update.alert_id, since=update.written_at),
            now=now,
        )
        for update in updates
    ]
    if reasons and all(reasons):
        return reasons[0]
    # A mail that a relay may have taken already stays as it is.
    partly = mail.attempts == 1 and (any(reasons) or rules.overtaken(updates))
    return rules.OVERTAKEN if partly else None


def until_open(session: Session, mail: Mail, settings: Settings, *, now: datetime) -> Wait | None:
    """A mail that was held up until the rep's quiet hours waits for their end."""
    rep = outbox.rep(session, mail.rep_id) if mail.rep_id and mail.kind in LOOKED_AT else None
    if rep is None:
        return None
    opens = rules.hours_of(rep, settings).next_open(now)
    if opens <= now or (settings.urgent_breaks_quiet and any(each.urgent for each in owed.told_in(session, mail.id))):
        return None
    return Wait(opens, "It is outside the rep's hours.")
