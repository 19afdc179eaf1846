"""The daily round of watching: hold risks against outcomes, recalibrate, score the shadow, compare, look for drift.

Each part writes its own rows, and writing them again changes nothing; the day's `WatchDay` comes last and says that
the round is done. A round that was cut short is done again by whoever comes next.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from models import STARTER, ModelDay, ModelShift
from service.alerts import interventions
from service.alerts.queries import past
from service.kit.database import Database, Session
from service.kit.settings import Settings
from service.kit.sql import upsert
from service.scoring.rules import STARTER_LINE
from service.watching import level, lived, looks, notices, queries, shadows
from service.watching.level import Said
from service.watching.lived import Acted, Outcomes

# How long after its outcomes should be known a day is looked at again: complaints are sent in late.
LATE_DAYS = 42


def run(db: Database, settings: Settings, *, now: datetime) -> int:
    """Do the round of the day unless it is done; return how many rows were written or accounts scored."""
    with db.read() as session:
        heard = {} if queries.watched(session, now.date()) else queries.last_data(session)
    if not heard:
        return 0
    with db.read() as session:
        outcomes = read_outcomes(session, settings, now=now)
        said = [*_spoken(session, settings, now=now), *_shadowed(session, settings, now=now)]
        lines = queries.model_lines(session) | {STARTER: STARTER_LINE}
        said = [row for row in said if row[0] in lines and _was_active(heard, row)]
        rows = _measured(said, lines, outcomes)
        helped = queries.helped(session, {row[0] for row in said})
        shifts = level.shifts(said, outcomes, queries.shifts(session), helped, today=now.date())
    with db.begin() as session:
        upsert(session, ModelDay, rows)
        upsert(session, ModelShift, shifts)
    done = shadows.score(db, settings, now=now)
    with db.read() as session:
        compared = shadows.compare(session, settings, outcomes, now=now)
        active = [account for account, at in heard.items() if at > now - lived.ACTIVE]
        seen = looks.look(session, settings, active, now=now)
    with db.begin() as session:
        shadows.save(session, compared, now=now)
        looks.save(session, seen)
        notices.review(session, settings, now=now)
        queries.prune(session, before=now.date() - timedelta(days=settings.watch_keep_days))
    return done + len(rows) + 1


def read_outcomes(session: Session, settings: Settings, *, now: datetime) -> Outcomes:
    """Read the complaints that the days under watch can lead to, and when operations acted."""
    since = now - timedelta(days=LATE_DAYS + settings.horizon_days + 1)
    found = np.array(queries.complaints(session, after=since), dtype=np.int64).reshape(-1, 2)
    last, gap = queries.complaint_rhythm(session, until=now)
    through = lived.known_through(last, gap, now=now)
    acted = Acted.of(interventions.interventions(past.stories(session, until=now), now=now))
    return Outcomes(found[:, 0], found[:, 1], through, settings.horizon_days, acted)


def _since(settings: Settings, now: datetime) -> date:
    return now.date() - timedelta(days=LATE_DAYS + settings.horizon_days)


def _spoken(session: Session, settings: Settings, *, now: datetime) -> list[Said]:
    """What the speaking models said, until yesterday."""
    said = queries.said(session, since=_since(settings, now), before=now.date())
    return [(model, False, day, account, risk) for day, account, risk, model in said]


def _shadowed(session: Session, settings: Settings, *, now: datetime) -> list[Said]:
    """What the candidate in the shadow said, until yesterday."""
    model = queries.shadow(session)
    if model is None:
        return []
    said = queries.said_in_shadow(session, model.version, since=_since(settings, now), before=now.date())
    return [(model.version, True, day, account, risk) for day, account, risk, _, _ in said]


def _was_active(heard: Mapping[int, datetime], row: Said) -> bool:
    """Whether the account had sent something: training knows no others."""
    _, _, day, account, _ = row
    return account in heard and heard[account] > lived.midnight(day) - lived.ACTIVE


def _measured(said: Sequence[Said], lines: Mapping[str, float], outcomes: Outcomes) -> list[dict[str, Any]]:
    """A row for each model and day.

    Once the outcomes are known it tells of those that were left to themselves.
    """
    found: dict[tuple[str, bool, date], list[tuple[int, float]]] = {}
    for model, shadow, day, account, risk in said:
        found.setdefault((model, shadow, day), []).append((account, risk))
    rows = []
    for (model, shadow, day), pairs in sorted(found.items()):
        accounts = np.array([account for account, _ in pairs], dtype=np.int64)
        risks = np.array([risk for _, risk in pairs])
        hit, acted_on = None, 0
        if outcomes.known(day):
            alone = outcomes.untouched(accounts, [day] * len(accounts))
            acted_on = int((~alone).sum())
            accounts, risks = accounts[alone], risks[alone]
            hit = outcomes.followed(accounts, [day] * len(accounts))
        row = {"model": model, "day": day, "shadow": shadow, "acted_on": acted_on}
        rows.append(row | lived.measure(risks, hit, lines[model]))
    return rows
