"""A rep whom a heads-up does not reach is not left untold: whoever can call the rep hears of it, within a minute."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from models import Alert, Mail, MailKind, Operator, Rep, Update, UpdateKind
from service.access import queries as operators
from service.kit.database import Database, Session
from service.kit.settings import Settings
from service.updates import posting, words
from service.updates.contents import Notice, To
from service.updates.posting import Parcel
from service.updates.queries import addresses, outbox, owed, unreached

LOOKED_BACK = timedelta(days=7)
# A mail about many accounts is told of by the first of them; the button leads to its alert.
NAMED = 10


@dataclass(frozen=True)
class Missed:
    """A mail that did not get through, its rep, and what of it still matters."""

    mail: Mail
    rep: Rep
    live: list[Update]


@dataclass(frozen=True)
class Helper:
    """Somebody to tell in the rep's place; `key` is the same each time."""

    key: str
    name: str
    email: str
    time_zone: str


def tell(db: Database, settings: Settings, *, now: datetime) -> int:
    """Tell, once for each heads-up that did not get through, who has the alert and the rep's manager."""
    since = now - LOOKED_BACK
    with db.read() as session:
        if not unreached.mails(session, since=since):
            return 0
    with db.begin() as session:
        owed_to = {
            f"unreached:{missed.mail.id}:{helper.key}": (missed, helper)
            for missed in _missed(session, since=since)
            for helper in _helpers(session, missed)
        }
        known = outbox.known_keys(session, list(owed_to))
        return sum(_post(session, key, *owed_to[key], settings, now=now) for key in owed_to.keys() - known)


def _missed(session: Session, *, since: datetime) -> Iterator[Missed]:
    """When all its alerts have ended, nobody has to call for a mail."""
    for mail in unreached.mails(session, since=since):
        live = [update for update in owed.told_in(session, mail.id) if update.alert.resolved_at is None]
        rep = outbox.rep(session, mail.rep_id) if mail.rep_id else None
        if rep and live:
            yield Missed(mail, rep, live)


def _helpers(session: Session, missed: Missed) -> Iterator[Helper]:
    for operator in _responsible(session, missed.live[0].alert):
        yield Helper(str(operator.id), operator.name, operator.email, operator.time_zone)
    if missed.rep.manager_email:
        yield Helper("manager", "", missed.rep.manager_email, missed.rep.time_zone)


def _responsible(session: Session, alert: Alert) -> list[Operator]:
    """Whose alert it is, or else the account's owner in operations, or else the leads."""
    for email in filter(None, (alert.assigned_to, alert.account.owner_email)):
        found = operators.operator_by_email(session, email)
        if found and not found.disabled_at:
            return [found]
    return operators.leads(session)


def _post(session: Session, key: str, missed: Missed, helper: Helper, settings: Settings, *, now: datetime) -> bool:
    alert = missed.live[0].alert
    to = To(uuid4(), helper.name, helper.time_zone, settings.site_url)
    facts = {
        "who": words.clean(missed.rep.name or missed.rep.email, 80),
        "name": words.clean(alert.account.name, 80),
        **_why(session, missed.mail),
        "told": [_said(update) for update in missed.live[:NAMED]],
    }
    notice = Notice(to, "unreached", f"{settings.site_url}/alerts/{alert.id}", facts)
    parcel = Parcel(
        # It has not come as it was promised, and it is void when the alert ends.
        kind=MailKind.LATE_UPDATE,
        key=key,
        content=notice,
        email=helper.email,
        root=f"operations.{alert.id.hex}",
        list_name="operations",
        alert_id=alert.id,
    )
    return posting.post(session, parcel, settings, now=now)


def _why(session: Session, mail: Mail) -> dict[str, str]:
    """Why the mail did not get there: the address is no good, or the relay said so."""
    address = addresses.stopped(session, mail.recipient)
    if address and address.stopped_why:
        return {"why": address.stopped_why, "error": ""}
    return {"why": "not_sent", "error": words.clean(mail.last_error or "", 200).rstrip(".")}


def _said(update: Update) -> dict[str, str]:
    """What the rep has not been told about one account; only a name where operations was silent."""
    name = words.clean(update.alert.account.name, 80)
    if update.kind is not UpdateKind.WRITTEN:
        return {"name": name, "cause": "", "owner": "", "fix": ""}
    return {"name": name, "cause": update.cause, "owner": update.owner, "fix": update.fix}
