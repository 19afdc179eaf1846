"""Tell the reps of promises at risk: once for each episode, and not beside another mail about the account.

These mails tell no update, so whether a rep was told first of an alert does not depend on them.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import groupby
from uuid import uuid4

import structlog

from models import Commitment, Mail, MailKind, Rep
from service.kit.database import Database, Session
from service.kit.hours import A_DAY
from service.kit.settings import Settings
from service.scoring.definitions import Definition
from service.scoring.sentences import amount, figure
from service.updates import facts, holds, posting, rules
from service.updates.contents import CommitmentAtRisk
from service.updates.parts import Domino, Promise
from service.updates.posting import Parcel
from service.updates.queries import addresses, outbox, owed
from service.updates.queries import promises as queries
from service.updates.rules import Reading
from service.updates.tell import NotComposed

log = structlog.get_logger()

NOT_AT_RISK = "The promise was closed, or is not at risk any more."


def compose(db: Database, settings: Settings, *, now: datetime) -> int:
    """Compose the mails about promises at risk whose time has come; return how many.

    Raises:
        NotComposed: some could not be.
    """
    with db.read() as session:
        reps = [] if holds.of_reps(session, now=now) else queries.owing(session)
        paused = addresses.paused(session, now=now) if reps else {}
    done = failed = 0
    for rep_id in reps:
        try:
            done += _compose(db, rep_id, settings, paused.get(rep_id), now=now)
        except Exception:
            failed += 1
            log.exception("mail_not_composed", rep_id=rep_id)
    if failed:
        raise NotComposed(f"{failed} mails about promises could not be composed; see the log.")
    return done


def _compose(db: Database, rep_id: int, settings: Settings, paused_until: datetime | None, *, now: datetime) -> int:
    with db.begin() as session:
        rep = owed.take(session, rep_id)
        if rep is None:
            return 0
        at_risk = sorted(queries.untold(session, rep_id), key=lambda each: each.account_id)
        reading = rules.reading(rep, settings, paused_until)
        last = last_mailed(session, rep_id, {each.account_id for each in at_risk})
        return sum(
            _post(session, rep, promises, settings, now=now)
            for promises in (list(group) for _, group in groupby(at_risk, key=lambda each: each.account_id))
            if any(due(each, last.get(each.account_id), reading) <= now for each in promises)
        )


def last_mailed(session: Session, rep_id: int, account_ids: set[int]) -> dict[int, datetime]:
    """When a rep last got a mail about each of these accounts, be it about an alert or a promise."""
    alerts = {account: told.at for account, told in owed.last_told(session, rep_id, account_ids).items()}
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
    key = f"commitment:{first.id}:{first.at_risk_since:%Y%m%dT%H%M%S}"
    if outbox.known_keys(session, [key]):
        return False
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
        each.mail_id = to.id
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
