"""Who may come in: operators, their sessions, API keys."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, String, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, text_enum


class Role(StrEnum):
    """What an operator may do: read; work alerts; lead (is told first when others are late); administer."""

    READER = "reader"
    AGENT = "agent"
    LEAD = "lead"
    ADMIN = "admin"


class Scope(StrEnum):
    """What an API key may do."""

    INGEST = "ingest"
    READ = "read"
    OPERATE = "operate"
    MAIL = "mail"
    ADMIN = "admin"


class Operator(Base):
    """A person of operations with a login. A password that was `made_up` for them must be changed first of all."""

    __tablename__ = "operators"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(text_enum(Role))
    password_hash: Mapped[str] = mapped_column(String(200))
    made_up: Mapped[bool] = mapped_column(default=False, server_default=false())
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class LoginSession(Base):
    """A signed-in browser, as `device` says in words. The cookie holds a random token; the table holds its hash."""

    __tablename__ = "login_sessions"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    device: Mapped[str] = mapped_column(String(60), default="", server_default="")

    operator: Mapped[Operator] = relationship(lazy="raise_on_sql")


class SecondFactor(Base):
    """An operator's key for codes that change with time (RFC 6238), encrypted with the secret key of the settings.

    It counts once a code of it has shown that the operator's device has it. `last_step` is the half minute of the code
    that was used last: neither it nor an older one is taken again.
    """

    __tablename__ = "second_factors"

    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"), primary_key=True, autoincrement=False)
    sealed_key: Mapped[str] = mapped_column(String(300))
    made_at: Mapped[datetime]
    proven_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)


class RecoveryCode(Base):
    """A code that stands in for the second factor once. Shown when it is made; the table holds its hash."""

    __tablename__ = "recovery_codes"

    code_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"), index=True)


class LoginTries(Base):
    """How often somebody tried to sign in. `bucket` is the hash of a login, an address or a known browser."""

    __tablename__ = "login_tries"

    bucket: Mapped[str] = mapped_column(String(64), primary_key=True)
    tries: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(index=True)


class ApiKey(Base):
    """A machine's key `hu_<public_id>_<secret>_<checksum>`. The secret is shown once; the table holds its hash."""

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    secret_sha256: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
