"""SQL of what comes back."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import contains_eager, joinedload

from models import (
    Address,
    Alert,
    InboundKind,
    InboundMail,
    Mail,
    MailChoice,
    MailKind,
    Operator,
    Rep,
    Reply,
    Update,
    UpdateKind,
)
from service.kit.database import Session
from service.kit.errors import NotFound
from service.kit.sql import insert_missing, is_sqlite
from service.updates.queries import outbox

SHOWN = 100
_UNREADABLE = and_(InboundMail.kind == InboundKind.UNREADABLE, InboundMail.closed_at.is_(None))


class ReplyNotFound(NotFound):
    """There is no such reply."""


def take(session: Session, row: dict[str, Any]) -> bool:
    """Note that a mail came in; False if it has been noted before."""
    insert_missing(session, InboundMail, [row])
    return session.scalar(select(InboundMail.key).where(InboundMail.id == row["id"])) is not None


def rep(session: Session, rep_id: int) -> Rep | None:
    return session.get(Rep, rep_id)


def address(session: Session, text: str, *, now: datetime) -> Address:
    """What came back from an address, to be changed; nobody else changes it meanwhile."""
    insert_missing(session, Address, [{"address": text, "bounces": 0, "last_at": now, "status": "", "said": ""}])
    row = select(Address).where(Address.address == text)
    return session.scalars(row if is_sqlite(session) else row.with_for_update()).one()


def stopped_address(session: Session, text: str) -> Address | None:
    return session.scalar(select(Address).where(Address.address == text, Address.stopped_at.is_not(None)))


def forget(session: Session, row: Address) -> None:
    session.delete(row)
    session.flush()


def choose(session: Session, rep_id: int, **choice: Any) -> None:
    """Write down what a rep chose."""
    insert_missing(session, MailChoice, [{"rep_id": rep_id}])
    session.execute(update(MailChoice).where(MailChoice.rep_id == rep_id).values(**choice))


def wake_mails(session: Session, rep_id: int, *, until: datetime, now: datetime) -> None:
    """Let the mails that wait for the end of a rep's pause be looked at now."""
    waiting = update(Mail).where(Mail.rep_id == rep_id, Mail.next_at == until, Mail.state == "queued")
    session.execute(waiting.values(next_at=now).execution_options(synchronize_session=False))


def _unanswered() -> ColumnElement[bool]:
    """Nobody closed it, and operations has written nothing about its alert since it came."""
    written = exists().where(
        Update.alert_id == Reply.alert_id, Update.kind == UpdateKind.WRITTEN, Update.written_at > Reply.received_at
    )
    return and_(Reply.closed_at.is_(None), ~written)


UNANSWERED = _unanswered()


def waiting_replies(session: Session) -> list[Reply]:
    """Replies that wait for operations, the oldest first, with alert, account and rep."""
    rows = (
        select(Reply)
        .outerjoin(Reply.alert)
        .outerjoin(Alert.account)
        .outerjoin(Reply.rep)
        .options(contains_eager(Reply.alert).contains_eager(Alert.account), contains_eager(Reply.rep))
        .where(UNANSWERED)
        .order_by(Reply.received_at, Reply.id)
    )
    return list(session.scalars(rows.limit(SHOWN)))


def replies_of(session: Session, alert_id: UUID) -> list[Reply]:
    """What was answered about an alert, the oldest first."""
    rows = select(Reply).where(Reply.alert_id == alert_id).order_by(Reply.received_at, Reply.id)
    return list(session.scalars(rows))


def waiting_by_alert(session: Session, alert_ids: Iterable[UUID]) -> set[UUID]:
    """Which of these alerts have a reply that waits for operations."""
    rows = select(Reply.alert_id).where(Reply.alert_id.in_(list(alert_ids)), UNANSWERED)
    return {alert_id for alert_id in session.scalars(rows) if alert_id}


def waiting_among(session: Session, replies: Iterable[Reply]) -> set[UUID]:
    """Which of these replies wait for operations."""
    return set(session.scalars(select(Reply.id).where(Reply.id.in_([each.id for each in replies]), UNANSWERED)))


def waiting_counts() -> tuple[Select[int], ...]:
    """Queries that count what waits for people: replies, addresses that get no mail, mails that cannot be read."""
    return (
        select(func.count()).select_from(Reply).where(UNANSWERED),
        select(func.count()).select_from(Address).where(_stopped_in_use()),
        select(func.count()).select_from(InboundMail).where(_UNREADABLE),
    )


def away_until(session: Session, rep_id: int | None, *, now: datetime) -> datetime | None:
    """Until when a rep has paused all mails; None if mails go."""
    return session.scalar(
        select(MailChoice.paused_until).where(MailChoice.rep_id == rep_id, MailChoice.paused_until > now)
    )


def reply(session: Session, reply_id: UUID) -> Reply:
    """One reply.

    Raises:
        ReplyNotFound: there is none with this id.
    """
    found = session.get(Reply, reply_id)
    if found is None:
        raise ReplyNotFound("Look at the to-dos for those that wait.")
    return found


def close(session: Session, reply_id: UUID, *, by: str, now: datetime, answer: str | None = None) -> bool:
    """Note that a reply needs nothing more, or was answered so; False if that was known."""
    mine = update(Reply).where(Reply.id == reply_id, Reply.closed_at.is_(None))
    closed = mine.values(closed_at=now, closed_by=by, answer=answer)
    return session.scalar(closed.returning(Reply.id)) is not None


def alert_of(session: Session, reply: Reply) -> Alert | None:
    """The alert that a reply is about, with its account."""
    return session.scalar(select(Alert).where(Alert.id == reply.alert_id).options(joinedload(Alert.account)))


def without_receipt(session: Session, *, since: datetime) -> list[Reply]:
    """Open replies since then that came from the rep's own address and answer no receipt, the oldest first."""
    rows = select(Reply).join(Reply.rep).join(Mail, Mail.id == Reply.mail_id)
    rows = rows.where(Reply.received_at > since, Reply.closed_at.is_(None), Reply.body != "")
    rows = rows.where(func.lower(Reply.sender) == Rep.email, Mail.kind != MailKind.RECEIPT)
    found = session.scalars(rows.order_by(Reply.received_at, Reply.id).limit(SHOWN)).all()
    known = outbox.known_keys(session, [f"receipt:{reply.id}" for reply in found])
    return [reply for reply in found if f"receipt:{reply.id}" not in known]


def receipts(session: Session, rep_id: int, *, since: datetime) -> list[Mail]:
    """The receipts and answers that a rep got since then."""
    mine = select(Mail).where(Mail.kind == MailKind.RECEIPT, Mail.rep_id == rep_id, Mail.created_at > since)
    return list(session.scalars(mine))


def who_looks(session: Session, reply: Reply) -> tuple[str, datetime | None]:
    """Who of operations has the alert of a reply, by name, and when its rep was promised more."""
    alert = alert_of(session, reply)
    if alert is None or alert.resolved_at:
        return "", None
    email = alert.assigned_to or alert.acknowledged_by
    name = session.scalar(select(Operator.name).where(Operator.email == email, Operator.disabled_at.is_(None)))
    written = select(Update.next_update_at).where(Update.alert_id == alert.id, Update.kind == UpdateKind.WRITTEN)
    return name or "", session.scalar(written.order_by(Update.written_at.desc()).limit(1))


def _stopped_in_use() -> ColumnElement[bool]:
    rep_has = exists().where(Rep.email == Address.address)
    operator_has = exists().where(Operator.email == Address.address, Operator.disabled_at.is_(None))
    return and_(Address.stopped_at.is_not(None), or_(rep_has, operator_has))


def stopped_in_use(session: Session) -> list[Address]:
    """Addresses that get no mails although a rep or an operator has them, the newest first."""
    rows = select(Address).where(_stopped_in_use())
    return list(session.scalars(rows.order_by(Address.stopped_at.desc(), Address.address).limit(SHOWN)))


def unreadable(session: Session) -> list[InboundMail]:
    """Mails that nobody could read and that nobody has looked at, the newest first."""
    rows = select(InboundMail).where(_UNREADABLE)
    return list(session.scalars(rows.order_by(InboundMail.received_at.desc()).limit(SHOWN)))


def close_unreadable(session: Session, inbound_id: UUID, *, by: str, now: datetime) -> bool:
    """Note that somebody has looked at an unreadable mail; False if that was known, or there is none."""
    open_ = update(InboundMail).where(InboundMail.id == inbound_id, _UNREADABLE)
    return session.scalar(open_.values(closed_at=now, closed_by=by).returning(InboundMail.id)) is not None
