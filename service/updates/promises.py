"""Tell the reps of promises at risk: once for each episode, and not beside another mail about the account.

These mails tell no update, so whether a rep was told first of an alert does not depend on them.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import uuid4

import structlog

from models import Commitment, Mail, MailKind, Rep
from service.kit import crash
from service.kit.database import OUTAGES, Database, Session
from service.kit.errors import describe
from service.kit.hours import A_DAY
from service.kit.settings import Settings
from service.scoring.definitions import Definition
from service.scoring.sentences import amount, figure
from service.updates import facts, holds, poison, posting, rules
from service.updates.contents import CommitmentAtRisk
from service.updates.parts import Domino, Promise
from service.updates.posting import Parcel
from service.updates.queries import addresses
from service.updates.queries import owed as reps_news
from service.updates.queries import promises as queries
from service.updates.rules import Reading
from service.updates.tell import NotComposed

log = structlog.get_logger()

NOT_AT_RISK = "The promise was closed, or is not at risk any more."


@dataclass(frozen=True)
class Owed:
    """What a rep is to be told of an account's promises: how often that was tried, and until when the rep is away."""

    rep_id: int
    account_id: int
    tries: int
    paused_until: datetime | None


def compose(db: Database, settings: Settings, *, now: datetime) -> int:
    """Compose the mails about promises at risk whose time has come; return how many.

    Each account's go alone and are counted before they are tried, as all news is: after eight tries they are parked.

    Raises:
        NotComposed: some could not be.
    """
    with db.read() as session:
        reps = [] if holds.of_reps(session, now=now) else queries.owing(session, now=now)
        paused = addresses.paused(session, now=now) if reps else {}
    done = failed = 0
    for rep_id in reps:
        with db.read() as session:
            ready = _ready(session, rep_id, settings, paused.get(rep_id), now=now)
            tries = {account_id: max(each.tries for each in promises) for account_id, promises in ready.items()}
        for account_id in sorted(tries, key=lambda each: (tries[each], each)):
            owed = Owed(rep_id, account_id, tries[account_id], paused.get(rep_id))
            try:
                done += _compose(db, owed, settings, now=now)
            except Exception as error:
                failed += 1
                log.exception("mail_not_composed", rep_id=rep_id, account_id=account_id)
                _failed(db, owed, error, settings, now=now)
    if failed:
        raise NotComposed(f"{failed} of {done + failed} mails about promises could not be composed; see the log.")
    return done


def _ready(
    session: Session, rep_id: int, settings: Settings, paused_until: datetime | None, *, now: datetime
) -> dict[int, list[Commitment]]:
    """The promises at risk to tell a rep of now, by account."""
    accounts: dict[int, list[Commitment]] = defaultdict(list)
    for each in queries.untold(session, rep_id, now=now):
        accounts[each.account_id].append(each)
    last = last_mailed(session, rep_id, set(accounts))
    found = {}
    for account_id, promises in accounts.items():
        rep = promises[0].account.rep
        assert rep is not None
        reading = rules.reading(rep, settings, paused_until)
        if any(due(each, last.get(account_id), reading) <= now for each in promises):
            found[account_id] = promises
    return found


def _compose(db: Database, owed: Owed, settings: Settings, *, now: datetime) -> bool:
    if owed.tries >= rules.MOST_TRIES:
        _park(db, owed, f"A worker that composed it died {owed.tries} times.", settings, now=now)
        return False
    with db.begin() as session:
        _, promises = _take(session, owed, settings, now=now)
        queries.count_try(session, promises)
    crash.point("promise-taken")
    with db.begin() as session:
        rep, promises = _take(session, owed, settings, now=now)
        return rep is not None and bool(promises) and _post(session, rep, promises, settings, now=now)


def _take(session: Session, owed: Owed, settings: Settings, *, now: datetime) -> tuple[Rep | None, list[Commitment]]:
    """The rep, held for us, and the account's promises to tell now: none if another worker has the rep."""
    rep = reps_news.take(session, owed.rep_id)
    if rep is None:
        return None, []
    return rep, _ready(session, owed.rep_id, settings, owed.paused_until, now=now).get(owed.account_id, [])


def _failed(db: Database, owed: Owed, error: Exception, settings: Settings, *, now: datetime) -> None:
    """Let an account's promises wait for their next try, or park them. A database that is away says nothing of them."""
    if isinstance(error, OUTAGES):
        return
    tries = owed.tries + 1
    if tries >= rules.MOST_TRIES:
        _park(db, owed, f"Composing it failed {tries} times: {describe(error)}", settings, now=now)
        return
    with db.begin() as session:
        _, promises = _take(session, owed, settings, now=now)
        for each in promises:
            each.tries, each.retry_at = tries, now + rules.retry_after(tries)


def _park(db: Database, owed: Owed, reason: str, settings: Settings, *, now: datetime) -> None:
    """Put an account's promises before people as a mail without content. "Send again" lets it be composed anew."""
    with db.begin() as session:
        rep, promises = _take(session, owed, settings, now=now)
        if rep is None or not promises:
            return
        first, facts = promises[0], {"kind": MailKind.COMMITMENT, "attempts": rules.MOST_TRIES}
        mail = poison.blank(rep, first.id, first.account.name, reason, settings, now=now, **facts)
        poison.put_before_people(session, mail, now=now)
        for each in promises:
            each.mail_id, each.tries, each.retry_at = mail.id, 0, None


def last_mailed(session: Session, rep_id: int, account_ids: set[int]) -> dict[int, datetime]:
    """When a rep last got a mail about each of these accounts, be it about an alert or a promise."""
    alerts = {account: told.at for account, told in reps_news.last_told(session, rep_id, account_ids).items()}
    promises = queries.told_at(session, rep_id, account_ids)
    return {
        account: max(found[account] for found in (alerts, promises) if account in found)
        for account in alerts.keys() | promises.keys()
    }


def due(commitment: Commitment, last: datetime | None, reading: Reading) -> datetime:
    """When a rep is to be told that a promise is at risk.

    At once, within the rep's hours; but on a day that brought a mail about the account, tomorrow is soon enough, unless
    the promise itself is due by then.
    """
    assert commitment.at_risk_since is not None
    moment = commitment.at_risk_since + reading.group
    if last and not _cannot_wait(commitment.due, reading.hours.day(last)):
        moment = max(moment, reading.hours.next_day(last))
    if reading.paused_until:
        moment = max(moment, reading.paused_until)
    return reading.hours.next_open(moment)


def _cannot_wait(due_day: date, told_on: date) -> bool:
    return told_on <= due_day <= told_on + A_DAY


def _post(session: Session, rep: Rep, commitments: Sequence[Commitment], settings: Settings, *, now: datetime) -> bool:
    """Write one mail about an account's promises, and note what it tells of; a mail is not written twice."""
    first, *others = sorted(commitments, key=lambda each: (each.due, each.id))
    # A mail that was kept back, as the promise seemed out of danger, is no reason not to tell of it when it is not.
    key = f"commitment:{first.id}:{first.at_risk_since:%Y%m%dT%H%M%S}:{first.mail_id or ''}"
    to, account = facts.to(uuid4(), rep, settings), first.account
    alert, update = queries.words(session, account.id)
    content = CommitmentAtRisk(
        to,
        account.external_id,
        account.name,
        promise(first),
        tuple(promise(each) for each in others),
        facts.said(update) if update else None,
    )
    parcel = Parcel(
        kind=MailKind.COMMITMENT,
        key=key,
        content=content,
        email=rep.email,
        root=f"commitment.{first.id.hex}",
        rep_id=rep.id,
        alert_id=alert.id if alert else None,
    )
    if not posting.post(session, parcel, settings, now=now):
        return False
    for each in commitments:
        each.mail_id, each.tries, each.retry_at = to.id, 0, None
    session.flush()
    return True


def promise(commitment: Commitment) -> Promise:
    """A promise as mails tell it; account and metric must be loaded."""
    known = Promise(
        commitment.account.external_id,
        commitment.account.name,
        commitment.promise,
        commitment.due,
        commitment.danger if commitment.at_risk else None,
        hangs_on_it=tuple(
            Domino(each["what"], date.fromisoformat(each["on"]) if each["on"] else None) for each in commitment.dominoes
        ),
    )
    return _measured(known, commitment)


def _measured(known: Promise, commitment: Commitment) -> Promise:
    metric = commitment.metric
    if metric is None or commitment.target is None:
        return known
    about = Definition(metric.id, metric.external_id, metric.label, metric.unit, combine=str(metric.combine))
    return replace(
        known,
        metric=metric.label,
        target=figure(about, commitment.target),
        measured="" if commitment.measured is None else amount(about, commitment.measured),
        off_days=commitment.off_days or 0,
        days=commitment.days or 0,
    )


def untrue(session: Session, mail: Mail) -> str | None:
    """Say why a mail about promises must not go out any more."""
    told = queries.told_in(session, mail.id)
    if any(each.account.rep_id != mail.rep_id for each in told):
        return rules.REP_CHANGED
    return None if any(each.at_risk for each in told) else NOT_AT_RISK
