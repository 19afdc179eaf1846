"""SQL of operators, keys and the audit log."""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import joinedload

from models import ApiKey, AuditEntry, LoginSession, Operator, Role
from service.kit.database import Session


def key_by_public_id(session: Session, public_id: str) -> ApiKey | None:
    return session.scalar(select(ApiKey).where(ApiKey.public_id == public_id))


def key_by_name(session: Session, name: str) -> ApiKey | None:
    """The live key of that name, the newest if there are several."""
    live = select(ApiKey).where(ApiKey.name == name, ApiKey.revoked_at.is_(None))
    return session.scalar(live.order_by(ApiKey.id.desc()).limit(1))


def all_keys(session: Session) -> list[ApiKey]:
    return list(session.scalars(select(ApiKey).order_by(ApiKey.id)))


def mark_key_used(session: Session, key_id: int, *, now: datetime) -> None:
    session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=now))


def operator_by_email(session: Session, email: str) -> Operator | None:
    return session.scalar(select(Operator).where(Operator.email == email.lower()))


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


def audit_entries(session: Session, *, limit: int) -> list[AuditEntry]:
    return list(session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)))
