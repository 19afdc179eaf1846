"""SQL of operators, keys, erasure and the audit log."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import joinedload

from models import (
    Account,
    ApiKey,
    AuditEntry,
    AuditHead,
    Erasure,
    LoginSession,
    LoginTries,
    Mail,
    MailState,
    Operator,
    RecoveryCode,
    Rep,
    Role,
    SecondFactor,
)
from service.access.rules import FIRST_HASH
from service.kit.database import Session
from service.kit.sql import insert_missing


def key_by_public_id(session: Session, public_id: str) -> ApiKey | None:
    return session.scalar(select(ApiKey).where(ApiKey.public_id == public_id))


def live_keys(session: Session, name: str, *, now: datetime) -> list[ApiKey]:
    """The keys of that name that open something, the newest first."""
    unexpired = or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now)
    live = select(ApiKey).where(ApiKey.name == name, ApiKey.revoked_at.is_(None), unexpired)
    return list(session.scalars(live.order_by(ApiKey.id.desc())))


def all_keys(session: Session) -> list[ApiKey]:
    return list(session.scalars(select(ApiKey).order_by(ApiKey.id)))


def mark_key_used(session: Session, key_id: int, *, now: datetime) -> None:
    session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=now))


def operator_by_email(session: Session, email: str) -> Operator | None:
    return session.scalar(select(Operator).where(Operator.email == email.lower()))


def operator(session: Session, operator_id: int) -> Operator | None:
    return session.get(Operator, operator_id)


def all_operators(session: Session) -> list[tuple[Operator, bool]]:
    """Everybody who has or had a login, by address, and whether a second factor counts."""
    rows = select(Operator, SecondFactor.proven_at.is_not(None)).order_by(Operator.email)
    return [
        (each, has)
        for each, has in session.execute(rows.outerjoin(SecondFactor, SecondFactor.operator_id == Operator.id))
    ]


def operators(session: Session) -> list[Operator]:
    """Operators who may sign in, by name."""
    return list(session.scalars(select(Operator).where(Operator.disabled_at.is_(None)).order_by(Operator.name)))


def leads(session: Session) -> list[Operator]:
    """Whom an escalation reaches: the leads; administrators where nobody leads; else all who can act."""
    active = [each for each in operators(session) if each.role is not Role.READER]
    ranked = ([each for each in active if each.role is role] for role in (Role.LEAD, Role.ADMIN))
    return next(filter(None, ranked), active)


def login_session(session: Session, token_sha256: str) -> LoginSession | None:
    """The session with its operator."""
    return session.get(LoginSession, token_sha256, options=[joinedload(LoginSession.operator)])


def mark_session_seen(session: Session, token_sha256: str, *, now: datetime) -> None:
    session.execute(update(LoginSession).where(LoginSession.token_sha256 == token_sha256).values(seen_at=now))


def drop_expired_sessions(session: Session, *, now: datetime) -> None:
    session.execute(delete(LoginSession).where(LoginSession.expires_at <= now))


def drop_sessions(session: Session, operator_id: int) -> None:
    """Sign an operator out everywhere."""
    session.execute(delete(LoginSession).where(LoginSession.operator_id == operator_id))


def sessions_of(session: Session, operator_id: int, *, seen_after: datetime, now: datetime) -> list[LoginSession]:
    """Where an operator is signed in, what was used last first."""
    live = select(LoginSession).where(LoginSession.operator_id == operator_id, LoginSession.expires_at > now)
    return list(session.scalars(live.where(LoginSession.seen_at > seen_after).order_by(LoginSession.seen_at.desc())))


def second_factor(session: Session, operator_id: int) -> SecondFactor | None:
    return session.get(SecondFactor, operator_id)


def hold_second_factor(session: Session, operator_id: int) -> SecondFactor:
    """The second factor, held until the end of the transaction: a code is used once, however many bring it."""
    return session.get_one(SecondFactor, operator_id, with_for_update=True, populate_existing=True)


def drop_second_factor(session: Session, operator_id: int) -> None:
    session.execute(delete(SecondFactor).where(SecondFactor.operator_id == operator_id))


def drop_recovery_code(session: Session, operator_id: int, code_sha256: str) -> bool:
    """Take one code away; False if there is none like it."""
    mine = delete(RecoveryCode).where(RecoveryCode.operator_id == operator_id, RecoveryCode.code_sha256 == code_sha256)
    return session.scalar(mine.returning(RecoveryCode.code_sha256)) is not None


def drop_recovery_codes(session: Session, operator_id: int) -> None:
    session.execute(delete(RecoveryCode).where(RecoveryCode.operator_id == operator_id))


def recovery_codes_left(session: Session, operator_id: int) -> int:
    mine = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.operator_id == operator_id)
    return session.scalar(mine) or 0


def tries(session: Session, bucket: str) -> LoginTries | None:
    return session.get(LoginTries, bucket)


def hold_tries(session: Session, bucket: str, *, now: datetime) -> LoginTries:
    """The tries of a bucket, held until the end of the transaction: tries at one time are counted one by one."""
    insert_missing(session, LoginTries, [{"bucket": bucket, "tries": 0, "last_at": now}])
    return session.scalars(select(LoginTries).where(LoginTries.bucket == bucket).with_for_update()).one()


def drop_old_tries(session: Session, *, before: datetime) -> None:
    """Forget tries of long ago, but for those that somebody is counting at this moment."""
    old = select(LoginTries.bucket).where(LoginTries.last_at < before).with_for_update(skip_locked=True)
    session.execute(delete(LoginTries).where(LoginTries.bucket.in_(old.scalar_subquery())))


def reps(session: Session) -> list[Rep]:
    return list(session.scalars(select(Rep).order_by(Rep.id)))


def leave_accounts(session: Session, rep_ids: list[int]) -> None:
    """Leave the accounts of these reps without one."""
    session.execute(update(Account).where(Account.rep_id.in_(rep_ids)).values(rep_id=None))


def keep_back_erased_mails(session: Session) -> None:
    """Send nothing of which nothing is left."""
    left = (Mail.content == b"") & Mail.state.in_([MailState.QUEUED, MailState.SENDING, MailState.PARKED])
    kept = {"state": MailState.SUPPRESSED, "last_error": "The person was erased.", "lease_token": None}
    session.execute(update(Mail).where(left).values(**kept))


def erased(session: Session) -> set[str]:
    """The lines of the erasure ledger that this database has seen."""
    return set(session.scalars(select(Erasure.digest)))


def audit_entries(
    session: Session, *, limit: int, who: str = "", what: str = "", on: str = "", since: datetime | None = None
) -> list[AuditEntry]:
    """Lines of the audit log, the newest first; `who` is a part of an actor, `what` how an action begins."""
    lines = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if who:
        lines = lines.where(AuditEntry.actor.contains(who, autoescape=True))
    if what:
        lines = lines.where(AuditEntry.action.startswith(what, autoescape=True))
    if on:
        lines = lines.where(AuditEntry.subject == on)
    if since:
        lines = lines.where(AuditEntry.at >= since)
    return list(session.scalars(lines))


def audit_chain(session: Session) -> Iterator[AuditEntry]:
    """All lines of the audit log in their order, read a thousand at a time."""
    last_id = -1
    while page := session.scalars(
        select(AuditEntry).where(AuditEntry.id > last_id).order_by(AuditEntry.id).limit(1_000)
    ).all():
        yield from page
        last_id = page[-1].id
        session.expunge_all()


def audit_line(session: Session, line_hash: str) -> bool:
    return session.scalar(select(AuditEntry.id).where(AuditEntry.hash == line_hash).limit(1)) is not None


def audit_head(session: Session) -> AuditHead | None:
    return session.get(AuditHead, 1)


def hold_audit_head(session: Session) -> AuditHead:
    """The end of the chain, held until the end of the transaction."""
    held = select(AuditHead).with_for_update().execution_options(populate_existing=True)
    if (head := session.scalar(held)) is not None:
        return head
    insert_missing(session, AuditHead, [{"id": 1, "last_id": 0, "entries": 0, "hash": FIRST_HASH}])
    return session.scalars(held).one()
