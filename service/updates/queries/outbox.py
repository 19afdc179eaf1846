"""SQL of mails: the outbox is a table, and a mail is claimed with a lease."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, func, or_, select, update
from sqlalchemy.orm import contains_eager

from models import Account, Alert, Mail, MailKind, MailState, Rep, Telling, Update
from service.kit.database import Session

DUE = Mail.state.in_([MailState.QUEUED, MailState.SENDING])


def waiting(session: Session) -> int:
    """How many mails have still to go out."""
    return session.scalar(select(func.count()).select_from(Mail).where(DUE)) or 0


def known_keys(session: Session, keys: Sequence[str]) -> set[str]:
    """Which of these things have been said already."""
    return set(session.scalars(select(Mail.dedupe_key).where(Mail.dedupe_key.in_(keys))))


def claim(session: Session, *, now: datetime, lease_until: datetime, token: UUID, reps: bool = True) -> Mail | None:
    """Take the mail that has waited longest: a queued one that is due, or one whose sender's lease has ended.

    Weekly mails come after all others. Without `reps` their mails stay where they are.
    """
    queued = and_(Mail.state == MailState.QUEUED, Mail.next_at <= now)
    # A lease that runs longer than any does was begun before the clock was set back.
    ended = or_(Mail.lease_until < now, Mail.lease_until > lease_until + (lease_until - now))
    abandoned = and_(Mail.state == MailState.SENDING, ended)
    weekly = Mail.kind.in_([MailKind.DIGEST, MailKind.MANAGER])
    due = select(Mail.id).where(DUE, or_(queued, abandoned)).order_by(weekly, Mail.next_at, Mail.id).limit(1)
    if not reps:
        due = due.where(Mail.rep_id.is_(None))
    mine = (
        update(Mail)
        .where(Mail.id == due.with_for_update(skip_locked=True).scalar_subquery())
        .values(
            state=MailState.SENDING,
            lease_until=lease_until,
            lease_token=token,
            attempts=Mail.attempts + 1,
            deaths=Mail.deaths + case((Mail.state == MailState.SENDING, 1), else_=0),
        )
        .returning(Mail)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return session.scalar(mine)


def settle(session: Session, mail: Mail, **outcome: Any) -> bool:
    """Write what became of a claimed mail and give up its lease; False, and nothing, if another worker took it over."""
    mine = update(Mail).where(Mail.id == mail.id, Mail.lease_token == mail.lease_token)
    settled = mine.values(lease_until=None, lease_token=None, **outcome).returning(Mail.id)
    return session.scalar(settled.execution_options(synchronize_session=False)) is not None


def hold(session: Session, *, until: datetime, reason: str) -> None:
    """Let every queued mail wait: it is not the mails that are in trouble, but the way."""
    queued = update(Mail).where(Mail.state == MailState.QUEUED, Mail.next_at < until)
    session.execute(queued.values(next_at=until, last_error=reason).execution_options(synchronize_session=False))


def alert_of(session: Session, mail: Mail) -> Alert | None:
    """The alert that a mail is about, with its account and rep as they are now."""
    rows = select(Alert).join(Alert.account).outerjoin(Account.rep)
    rows = rows.options(contains_eager(Alert.account).contains_eager(Account.rep))
    return session.scalar(rows.where(Alert.id == mail.alert_id))


def alerts_of(session: Session, mail_id: UUID) -> list[Alert]:
    """All alerts that a mail is about: of the updates that it tells, or its own."""
    told = select(Update.alert_id).join(Telling, Telling.update_id == Update.id).where(Telling.mail_id == mail_id)
    own = select(Mail.alert_id).where(Mail.id == mail_id)
    rows = select(Alert).join(Alert.account).options(contains_eager(Alert.account))
    return list(session.scalars(rows.where(or_(Alert.id.in_(told), Alert.id.in_(own))).order_by(Alert.id)))


def rep(session: Session, rep_id: int) -> Rep | None:
    """A rep as it is now."""
    return session.scalar(select(Rep).where(Rep.id == rep_id).execution_options(populate_existing=True))


def update_of(session: Session, mail: Mail) -> Update | None:
    return session.get(Update, mail.update_id) if mail.update_id else None


def mail(session: Session, mail_id: UUID) -> Mail | None:
    return session.get(Mail, mail_id)


def mark_acknowledged(session: Session, mail_id: UUID, *, now: datetime) -> bool:
    """Note that the rep has seen a mail; False if that was known."""
    first = update(Mail).where(Mail.id == mail_id, Mail.acknowledged_at.is_(None)).values(acknowledged_at=now)
    return session.scalar(first.returning(Mail.id)) is not None
