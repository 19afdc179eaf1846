"""Signed-in browsers: who may try, who is let in, for how long.

A session ends 12 hours after sign-in whatever happens, and after 8 idle hours. Idle is that long because an agent can
watch the queue for a whole shift without a click, and must not lose a half-written update to a login page.
"""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from models import LoginSession, Operator
from service.access import actions, queries, rules
from service.kit.database import Session
from service.kit.errors import TooManyRequests, Unauthenticated
from service.kit.fields import available_zones

LIFETIME = timedelta(hours=12)
IDLE = timedelta(hours=8)
SEEN_AGAIN = timedelta(minutes=5)
WINDOW_MINUTES = 15
# One office shares one address: it may try for ten people at once.
LOGINS_PER_ADDRESS = 10
# Hashing takes a core for a third of a second: two at a time leave room for everybody who is in already.
HASHING_AT_ONCE = 2
HASHING_WAIT_SECONDS = 10
# The hash of no password in use: an unknown login costs as much work as a known one.
NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$"  # the salt and the hash are zeros
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)


class SignInRefused(Unauthenticated):
    """The address or the password is wrong."""


class SignInNeeded(Unauthenticated):
    """Sign in first."""


class LoginDoor:
    """Bounds guessing per address and login, and the work that guessing makes. Counts in this process's memory."""

    def __init__(self, attempts: int) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._per_login = RateLimitItemPerMinute(attempts, WINDOW_MINUTES)
        self._per_address = RateLimitItemPerMinute(attempts * LOGINS_PER_ADDRESS, WINDOW_MINUTES)
        self._hashing = threading.BoundedSemaphore(HASHING_AT_ONCE)

    def knock(self, address: str, email: str) -> None:
        """Count one try.

        Raises:
            TooManyRequests: too many from this address for this login, or from this address for any.
        """
        allowed = self._limiter.hit(self._per_address, address)
        if not allowed or not self._limiter.hit(self._per_login, address, email.lower()):
            detail = f"Too many tries. Wait {WINDOW_MINUTES} minutes, or ask an administrator for a new password."
            raise TooManyRequests(detail, retry_after=WINDOW_MINUTES * 60)

    def forgive(self, address: str, email: str) -> None:
        """Forget the tries of somebody who got in."""
        self._limiter.clear(self._per_login, address, email.lower())

    @contextmanager
    def hashing(self) -> Iterator[None]:
        """Hold one of the few places where a password is hashed.

        Raises:
            TooManyRequests: all places stayed taken.
        """
        if not self._hashing.acquire(timeout=HASHING_WAIT_SECONDS):
            raise TooManyRequests("Many people are signing in; try again in a moment.")
        try:
            yield
        finally:
            self._hashing.release()


def check_password(operator: Operator | None, password: str) -> Operator:
    """Let an operator in by password; takes the same time when there is no such operator.

    Raises:
        SignInRefused: unknown, disabled, or the wrong password; which of them is not told.
    """
    fits = actions.password_fits(operator.password_hash if operator else NOBODY, password)
    if operator is None or not fits or operator.disabled_at is not None:
        raise SignInRefused("Check both and try again.")
    return operator


def open_session(session: Session, email: str, *, time_zone: str, now: datetime) -> str:
    """Sign an operator in and return the token that the browser keeps. The browser's time zone becomes theirs.

    Raises:
        SignInRefused: the operator was disabled meanwhile.
    """
    operator = queries.operator_by_email(session, email)
    if operator is None or operator.disabled_at is not None:
        raise SignInRefused("Check both and try again.")
    if time_zone in available_zones():
        operator.time_zone = time_zone
    token = secrets.token_urlsafe(32)
    queries.drop_expired_sessions(session, now=now)
    session.add(
        LoginSession(
            token_sha256=rules.sha256(token),
            operator_id=operator.id,
            created_at=now,
            seen_at=now,
            expires_at=now + LIFETIME,
        )
    )
    actions.record(session, operator.email, "session.open", operator.email, now=now)
    return token


def live_session(session: Session, token: str, *, now: datetime) -> LoginSession:
    """Find the session of a browser's token, with its operator.

    Raises:
        SignInNeeded: there is none, it ended, or its operator was disabled.
    """
    row = queries.login_session(session, rules.sha256(token))
    if row is None or now >= row.expires_at or now - row.seen_at >= IDLE or row.operator.disabled_at is not None:
        raise SignInNeeded("Your session has ended.")
    return row


def close_session(session: Session, token: str, *, now: datetime) -> None:
    """Sign a browser out; nothing happens when it is out already."""
    row = queries.login_session(session, rules.sha256(token))
    if row is not None:
        actions.record(session, row.operator.email, "session.close", row.operator.email, now=now)
        session.delete(row)
