"""SQL of what reps have still to be told, and of what they were told last."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import contains_eager

from models import Account, Alert, Mail, MailKind, MailState, Rep, Telling, Update
from service.kit.database import Session
from service.updates.queries import promises
from service.updates.queries.once import insert_once
from service.updates.rules import LastTold

PER_ROUND = 500


def untold() -> ColumnElement[bool]:
    """Whether nothing was decided about an update. A worker of an earlier version writes its mail and no telling."""
    return ~exists().where(Telling.update_id == Update.id) & ~exists().where(Mail.update_id == Update.id)


def _to_compose(now: datetime) -> ColumnElement[bool]:
    return and_(untold(), or_(Update.retry_at.is_(None), Update.retry_at <= now))


def owing(session: Session, *, now: datetime) -> dict[int, int]:
    """The reps to whom something is owed, with how often the most stubborn of it was tried.

    Who has waited longest comes first, but after all whose news has made less trouble.
    """
    tries = func.max(Update.tries)
    rows = select(Account.rep_id, tries).select_from(Update).join(Update.alert).join(Alert.account)
    rows = rows.where(_to_compose(now), Account.rep_id.is_not(None)).group_by(Account.rep_id)
    found = session.execute(rows.order_by(tries, func.min(Update.written_at)).limit(PER_ROUND))
    return {rep_id: tried for rep_id, tried in found if rep_id}


def take(session: Session, rep_id: int) -> Rep | None:
    """Hold a rep until the end of the transaction: who composes for a rep does so alone. None if somebody else does."""
    held = select(Rep).where(Rep.id == rep_id).with_for_update(skip_locked=True)
    return session.scalar(held.execution_options(populate_existing=True))


def owed(session: Session, rep_id: int, *, now: datetime) -> list[Update]:
    """The updates to tell the rep that need not wait for their next try, oldest first, with alert, account and rep."""
    rows = select(Update).join(Update.alert).join(Alert.account).join(Account.rep)
    rows = rows.options(contains_eager(Update.alert).contains_eager(Alert.account).contains_eager(Account.rep))
    rows = rows.where(Account.rep_id == rep_id, _to_compose(now))
    return list(session.scalars(rows.order_by(Update.written_at, Update.id)))


def last_told(session: Session, rep_id: int, account_ids: Collection[int]) -> dict[int, LastTold]:
    """What the rep was told last about each of the accounts, by a mail that went out or will."""
    columns = (
        Alert.account_id,
        Update.alert_id,
        Update.kind,
        Mail.created_at,
        Update.risk,
        Update.next_update_at,
        Mail.state == MailState.SENT,
    )
    rows = select(*columns).select_from(Telling).join(Mail, Mail.id == Telling.mail_id)
    rows = rows.join(Update, Update.id == Telling.update_id).join(Alert, Alert.id == Update.alert_id)
    rows = rows.where(Mail.rep_id == rep_id, Mail.state != MailState.SUPPRESSED, Alert.account_id.in_(account_ids))
    newest_last = session.execute(rows.order_by(Mail.created_at, Update.written_at)).all()
    found = {row[0]: LastTold(row[1], row[2], row[3], row[4], row[5], row[6]) for row in newest_last}
    # A mail about a promise to the client is the day's mail about the account, too.
    promised = promises.told_at(session, rep_id, found)
    return {key: replace(last, at=max(last.at, promised.get(key, last.at))) for key, last in found.items()}


def thread(session: Session, alert_id: UUID, rep_id: int) -> list[Mail]:
    """The mails that the rep already has about the alert, oldest first."""
    tells = select(Telling.mail_id).join(Update, Update.id == Telling.update_id).where(Update.alert_id == alert_id)
    rows = select(Mail).where(
        Mail.id.in_(tells), Mail.rep_id == rep_id, Mail.kind == MailKind.HEADS_UP, Mail.state != MailState.SUPPRESSED
    )
    return list(session.scalars(rows.order_by(Mail.created_at, Mail.id)))


def told_in(session: Session, mail_id: UUID) -> list[Update]:
    """The updates that a mail tells, oldest first, with alert, account and rep as they are now."""
    rows = select(Update).join(Telling, Telling.update_id == Update.id).join(Update.alert).join(Alert.account)
    rows = rows.outerjoin(Account.rep).where(Telling.mail_id == mail_id)
    rows = rows.options(contains_eager(Update.alert).contains_eager(Alert.account).contains_eager(Account.rep))
    return list(session.scalars(rows.order_by(Update.written_at, Update.id)))


def settle(session: Session, updates: Collection[Update], *, mail_id: UUID | None = None, reason: str = "") -> bool:
    """Note that these updates are told by a mail, or by none for a reason; False if another worker has told one."""
    rows: list[dict[str, Any]] = [{"update_id": each.id, "mail_id": mail_id, "reason": reason} for each in updates]
    return all(insert_once(session, Telling, row) for row in rows)


def count_try(session: Session, updates: Collection[Update]) -> None:
    """Note that a mail of these updates is begun to be composed."""
    mine = update(Update).where(Update.id.in_([each.id for each in updates]))
    session.execute(mine.values(tries=Update.tries + 1).execution_options(synchronize_session=False))


def retry(session: Session, updates: Collection[Update], *, tries: int, at: datetime) -> None:
    """Note how often a mail of these updates was tried in vain, and when to try again."""
    mine = update(Update).where(Update.id.in_([each.id for each in updates]))
    session.execute(mine.values(tries=tries, retry_at=at).execution_options(synchronize_session=False))


def release(session: Session, mail_id: UUID) -> None:
    """Let what a mail was to tell be told by another, which is tried as often as any."""
    told = select(Telling.update_id).where(Telling.mail_id == mail_id)
    afresh = update(Update).where(Update.id.in_(told)).values(tries=0, retry_at=None)
    session.execute(afresh.execution_options(synchronize_session=False))
    mine = delete(Telling).where(Telling.mail_id == mail_id)
    session.execute(mine.execution_options(synchronize_session=False))


def one(session: Session, update_id: UUID) -> Update | None:
    """An update with alert, account and rep, if nothing was decided about it."""
    rows = select(Update).join(Update.alert).join(Alert.account).outerjoin(Account.rep).where(Update.id == update_id)
    rows = rows.options(contains_eager(Update.alert).contains_eager(Alert.account).contains_eager(Account.rep))
    return session.scalar(rows.where(untold()))
