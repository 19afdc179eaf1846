"""Hold the outbox back and release it: as a whole, or the reps' mail while a storm is looked at."""

from datetime import datetime, timedelta
from uuid import uuid4

import structlog

from models import Hold, HoldKind
from service.access import actions as access
from service.kit.database import Session
from service.updates.queries import holding
from service.updates.queries.once import insert_once

log = structlog.get_logger()


def hold_all(session: Session, reason: str, *, by: str, now: datetime) -> bool:
    """Let no mail go out until somebody releases them; False if they are held already."""
    return _hold(session, HoldKind.ALL, reason, by=by, now=now) is not None


def release_all(session: Session, *, by: str, now: datetime) -> bool:
    """Let mails go out again; False if none were held."""
    released = [release(session, kind, by=by, now=now) for kind in HoldKind]
    return any(released)


def hold_reps(session: Session, reason: str, *, lasting: timedelta, by: str, now: datetime) -> Hold | None:
    """Let the reps' mails wait for a while; None if they are held already."""
    return _hold(session, HoldKind.STORM, reason, until=now + lasting, by=by, now=now)


def release(session: Session, kind: HoldKind, *, by: str, now: datetime) -> bool:
    """End one hold; False if there is none."""
    ended = holding.end(session, kind, by=by, now=now)
    if ended:
        access.record(session, by, "mail.release", str(ended), now=now, kind=kind)
        log.info("mail_released", kind=kind)
    return ended is not None


def standing(session: Session, *, now: datetime) -> list[Hold]:
    """What is held at this moment, the whole outbox first."""
    return [hold for hold in holding.open_holds(session) if hold.until is None or hold.until > now]


def of_reps(session: Session, *, now: datetime) -> Hold | None:
    """Why the reps' mails wait, if they do."""
    return next(iter(standing(session, now=now)), None)


def of_all(session: Session, *, now: datetime) -> Hold | None:
    """Why all mails wait, if they do."""
    return next((hold for hold in standing(session, now=now) if hold.kind is HoldKind.ALL), None)


def _hold(
    session: Session, kind: HoldKind, reason: str, *, until: datetime | None = None, by: str, now: datetime
) -> Hold | None:
    # One that ended by itself still stands in the way of a new one.
    holding.end_past(session, now=now)
    row = {"id": uuid4(), "kind": kind, "reason": reason[:500], "held_at": now, "held_by": by, "until": until}
    hold_id = insert_once(session, Hold, row)
    if hold_id is None:
        return None
    access.record(session, by, "mail.hold", str(hold_id), now=now, kind=kind, reason=reason[:500])
    log.warning("mail_held", kind=kind)
    return session.get_one(Hold, hold_id)
