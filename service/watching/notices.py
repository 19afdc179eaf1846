"""Call people when a model's alerts are likely to be right less often, and let them go when that is over."""

from datetime import datetime, timedelta
from uuid import uuid4

import structlog

from models import STARTER, Notice, WatchDay
from service.access import actions as access
from service.kit.database import Session
from service.kit.settings import Settings
from service.scoring import queries as scoring
from service.watching import queries, rules, words

log = structlog.get_logger()

WORKER = "headsup"
LOOK_BACK = timedelta(days=120)


def review(session: Session, settings: Settings, *, now: datetime) -> None:
    """Open, renew or close the notice about the speaking model, by what was seen today and lived lately."""
    days = queries.watch_days(session, since=now.date() - timedelta(days=rules.DAYS_IN_A_ROW))
    today = days[-1]
    days = [each for each in days if each.model == today.model]
    mine = [each for each in queries.model_days(session, since=(now - LOOK_BACK).date()) if each.model == today.model]
    lived = rules.recent(each for each in mine if not each.shadow)
    for notice in queries.open_notices(session):
        if notice.model != today.model:
            _close(session, notice, f"{today.model} speaks now", now=now)
        elif rules.is_over(days, lived, settings.drift_loss):
            _close(session, notice, "the loss is gone", now=now)
    if today.model == STARTER:
        return
    if found := rules.loss(days, lived, settings.drift_loss):
        loss, how = found
        definitions = {each.key: each for each in scoring.definitions(session)}
        lines = words.loss(today, lived, how, settings.horizon_days, definitions)
        _open(session, today, loss, lines, now=now)


def _open(session: Session, today: WatchDay, loss: float, lines: list[str], *, now: datetime) -> None:
    before = next((each for each in queries.open_notices(session) if each.model == today.model), None)
    if before is not None:
        before.loss, before.lines = loss, lines
        return
    notice = Notice(id=uuid4(), model=today.model, opened_at=now, title=words.TITLE, lines=lines, loss=loss)
    queries.add(session, notice)
    access.record(session, WORKER, "model.notice", today.model, now=now, loss=round(loss, 3))
    log.warning("model_drifts", model=today.model, loss=round(loss, 3))


def _close(session: Session, notice: Notice, why: str, *, now: datetime) -> None:
    notice.closed_at, notice.why_closed = now, why
    access.record(session, WORKER, "model.notice_close", notice.model, now=now, why=why)
