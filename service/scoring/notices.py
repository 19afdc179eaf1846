"""Call people about a model, and let them go when it is over. At most one notice of a model is open."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

import structlog

from models import Notice
from service.access import actions as access
from service.kit.database import Session
from service.scoring import queries

log = structlog.get_logger()

WORKER = "headsup"
REFUSED = "The model that was promoted cannot speak"
NO_NUMBER = "Some accounts get no score"


def call(session: Session, model: str, title: str, lines: Sequence[str], *, loss: float = 0.0, now: datetime) -> None:
    """Open a notice, or bring the one that is open up to date. What is about something else gives way."""
    for notice in queries.open_notices(session):
        if notice.model == model and notice.title == title:
            notice.loss, notice.lines = loss, list(lines)
            return
        if notice.model == model:
            close(session, notice, f"something else came up: {title.lower()}", now=now)
    session.add(
        Notice(id=uuid4(), model=model, opened_at=now, title=title, lines=list(lines), loss=loss),
    )
    session.flush()
    access.record(session, WORKER, "model.notice", model, now=now, title=title, loss=round(loss, 3))
    log.warning("model_notice", model=model, title=title, loss=round(loss, 3))


def close(session: Session, notice: Notice, why: str, *, now: datetime) -> None:
    """Let people go: it is over."""
    notice.closed_at, notice.why_closed = now, why
    access.record(session, WORKER, "model.notice_close", notice.model, now=now, why=why)
    session.flush()
