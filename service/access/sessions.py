"""Signed-in browsers: who may try, who is let in, for how long.

A session ends 12 hours after sign-in whatever happens, and after 30 minutes in which nobody used the page. Moving the
pointer or typing is use; that a tab asks for news is not. What was typed is kept by the browser across a new sign-in.

Tries are counted in the database, so that several processes count together. A browser that got in before carries a
signed mark and has a count of its own: whoever guesses from elsewhere can use up a login's tries, but cannot lock out
the person it belongs to.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from models import LoginSession, LoginTries, Operator
from service.access import actions, queries, rules
from service.kit.database import Session
from service.kit.errors import TooManyRequests, Unauthenticated
from service.kit.fields import available_zones
from service.kit.links import LinkInvalid, sign, subject_of
from service.kit.settings import Settings

LIFETIME = timedelta(hours=12)
IDLE = timedelta(minutes=30)
SEEN_AGAIN = timedelta(minutes=1)
# How far the clocks of two machines may differ. A session that was used later than that is one of a clock set back.
CLOCKS_APART = timedelta(minutes=5)
WINDOW_MINUTES = 15
WINDOW = timedelta(minutes=WINDOW_MINUTES)
KEEP_TRIES = timedelta(days=1)
# One office shares one address: it may try for ten people at once.
LOGINS_PER_ADDRESS = 10
DEVICE, DEVICE_DAYS = "device", 180
# The hash of no password in use: an unknown login costs as much work as a known one.
NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$"  # the salt and the hash are zeros
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)


class SignInRefused(Unauthenticated):
    """The address or the password is wrong."""


class SignInNeeded(Unauthenticated):
    """Sign in first."""


@dataclass(frozen=True)
class Try:
    """One try to sign in, as the counters see it: who says to be who, from where, with which known browser."""

    email: str
    address: str
    device: str | None = None
    window = WINDOW
    advice = f"Wait {WINDOW_MINUTES} minutes, or use the browser that you signed in with before."

    def buckets(self, attempts: int) -> list[tuple[str, int]]:
        """What this try counts for, and how many tries each may have."""
        if self.device:
            return [(bucket(DEVICE, self.email, self.device), attempts)]
        return [
            (bucket("login", self.email), attempts),
            (bucket("address", self.address), attempts * LOGINS_PER_ADDRESS),
        ]


class Counted(Protocol):
    """A try that is counted: how long it counts for, and what whoever has none left can do."""

    @property
    def window(self) -> timedelta: ...

    @property
    def advice(self) -> str: ...

    def buckets(self, attempts: int) -> list[tuple[str, int]]:
        """What it counts for, and how many tries each may have."""


class TriesUsedUp(TooManyRequests):
    """Too many tries."""

    def __init__(self, attempt: Counted, bucket: str) -> None:
        super().__init__(attempt.advice, retry_after=int(attempt.window.total_seconds()))
        self.bucket = bucket


def count_try(session: Session, attempt: Counted, attempts: int, *, now: datetime) -> None:
    """Count a try before the password or the code is looked at.

    A count starts anew after a window (15 minutes) without a counted try, so that none has more than `attempts`; also
    when the last one lies a window ahead, as the clock was set back: nobody waits for the time to come round again.

    Raises:
        TriesUsedUp: the tries of this login or of this address are used up.
    """
    for name, limit in attempt.buckets(attempts):
        row = queries.hold_tries(session, name, now=now)
        row.tries, row.last_at = _tries(attempt, name, row, limit, now=now) + 1, now


def check_tries(session: Session, attempt: Counted, attempts: int, *, now: datetime) -> None:
    """Refuse a try where none is left by looking only: who guesses on and on holds up nobody who writes.

    Raises:
        TriesUsedUp: the tries of this login or of this address are used up.
    """
    for name, limit in attempt.buckets(attempts):
        _tries(attempt, name, queries.tries(session, name), limit, now=now)


def _tries(attempt: Counted, name: str, row: LoginTries | None, limit: int, *, now: datetime) -> int:
    """How many tries of late were counted, if one more may be."""
    tries = 0 if row is None or abs(now - row.last_at) >= attempt.window else row.tries
    if tries >= limit:
        raise TriesUsedUp(attempt, name)
    return tries


def forgive_try(session: Session, attempt: Counted, attempts: int, *, now: datetime) -> None:
    """Take back the try of somebody who got in: only wrong ones count."""
    for name, _ in attempt.buckets(attempts):
        row = queries.hold_tries(session, name, now=now)
        row.tries = max(0, row.tries - 1)


def known_device(settings: Settings, email: str, mark: str) -> str | None:
    """The browser's own number, if the mark was given to it when this login got in with it."""
    try:
        owner, _, device = subject_of(settings, DEVICE, mark, days=DEVICE_DAYS).partition(".")
    except LinkInvalid:
        return None
    return device if rules.equal(owner, bucket("login", email)) else None


def mark_device(settings: Settings, email: str, device: str | None) -> str:
    """The mark that a browser keeps, so that it is known when this login comes again."""
    return sign(settings, DEVICE, f"{bucket('login', email)}.{device or secrets.token_hex(16)}")


def bucket(*names: str) -> str:
    """The name of a count, which tells nobody whom it is about."""
    return rules.sha256("\0".join(name.lower() for name in names))


def check_password(operator: Operator | None, password: str) -> Operator:
    """Let an operator in by password; takes the same time when there is no such operator.

    Raises:
        SignInRefused: unknown, disabled, or the wrong password; which of them is not told.
    """
    fits = actions.password_fits(operator.password_hash if operator else NOBODY, password)
    if operator is None or not fits or operator.disabled_at is not None:
        raise SignInRefused("Check both and try again.")
    return operator


def welcome(session: Session, email: str) -> Operator:
    """Whoever gave the right password, as they are now.

    Raises:
        SignInRefused: the operator was disabled meanwhile.
    """
    operator = queries.operator_by_email(session, email)
    if operator is None or operator.disabled_at is not None:
        raise SignInRefused("Check both and try again.")
    return operator


def open_session(session: Session, email: str, *, time_zone: str, now: datetime, device: str = "") -> str:
    """Sign an operator in and return the token that the browser keeps. The browser's time zone becomes theirs.

    Raises:
        SignInRefused: the operator was disabled meanwhile.
    """
    operator = welcome(session, email)
    if time_zone in available_zones():
        operator.time_zone = time_zone
    token = secrets.token_urlsafe(32)
    queries.drop_expired_sessions(session, now=now)
    queries.drop_old_tries(session, before=now - KEEP_TRIES)
    session.add(
        LoginSession(
            token_sha256=rules.sha256(token),
            operator_id=operator.id,
            created_at=now,
            seen_at=now,
            expires_at=now + LIFETIME,
            device=device,
        )
    )
    actions.record(session, operator.email, "session.open", operator.email, now=now)
    return token


def live_session(session: Session, token: str, *, now: datetime) -> LoginSession:
    """Find the session of a browser's token, with its operator.

    Raises:
        SignInNeeded: there is none, it ended, the clock was set back since it was used, or its operator was disabled.
    """
    row = queries.login_session(session, rules.sha256(token))
    if row is None or row.operator.disabled_at is not None or not _is_live(row, now):
        raise SignInNeeded("Your session has ended.")
    return row


def _is_live(row: LoginSession, now: datetime) -> bool:
    """Whether it is within its hours and was used in the last half hour; setting the clock back makes it no longer."""
    return now < row.expires_at and -CLOCKS_APART <= now - row.seen_at < IDLE


def close_session(session: Session, token: str, *, now: datetime) -> None:
    """Sign a browser out; nothing happens when it is out already."""
    row = queries.login_session(session, rules.sha256(token))
    if row is not None:
        actions.record(session, row.operator.email, "session.close", row.operator.email, now=now)
        session.delete(row)


def own_sessions(session: Session, operator: Operator, *, now: datetime) -> list[LoginSession]:
    """Where an operator is signed in at this moment, what was used last first."""
    return queries.sessions_of(session, operator.id, seen_after=now - IDLE, now=now)


def end_sessions(session: Session, operator: Operator, ended: Collection[LoginSession], *, now: datetime) -> None:
    """Sign an operator out of browsers, as they wish."""
    for row in ended:
        session.delete(row)
    if ended:
        actions.record(session, operator.email, "session.end", operator.email, now=now, sessions=len(ended))
