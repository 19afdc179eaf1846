"""The look at the speaking model that needs no outcomes: what is scored, what is missing, what has moved."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from models import STARTER, TrainedModel, WatchDay
from service.kit.database import Session
from service.kit.settings import Settings
from service.kit.sql import upsert
from service.scoring import active
from service.scoring import queries as scoring
from service.watching import drift, queries, rules, shadows
from service.watching.drift import Evidence

# Accounts whose features are held against those of the training: enough for an index, a second of work.
SAMPLE = 500


def look(session: Session, settings: Settings, accounts: Sequence[int], *, now: datetime) -> dict[str, Any]:
    """What is to be seen now, as a row of `WatchDay`."""
    model, line = scoring.active_model(session), scoring.alert_line(session)
    counted = queries.counts(session, line, now=now)
    found = {
        "day": now.date(),
        "model": model.version if model else STARTER,
        "watched_at": now,
        "line": line,
        "sampled": 0,
        "flagged": 0,
        "psi": {},
        "groups": [],
        "expected": None,
        "promised": None,
    }
    seen = _seen(session, settings, model, accounts, line, now=now) if model else {}
    return found | vars(counted) | seen


def _seen(
    session: Session, settings: Settings, model: TrainedModel, accounts: Sequence[int], line: float, *, now: datetime
) -> dict[str, Any]:
    """What a sample of the accounts shows; nothing where the model is refused or its card tells of no past."""
    promised, scorer = drift.promise(model.card, line), active.scorer_of(session, settings, model)
    if promised is None or scorer is None:
        return {}
    step = -(-len(accounts) // SAMPLE)
    seen, built = shadows.build(session, scorer, list(accounts[::step]), now=now)
    if not seen:
        return {}
    judged = scorer.judge(built)
    place = {column.name: index for index, column in enumerate(built.columns)}
    values = built.values[:, [place[name] for name in scorer.blend.columns]]
    index = drift.index(model.card, scorer.blend.columns, values)
    found = drift.groups(model.card, scorer.blend, values, judged.weights, index)
    evidence = _evidence(session, model, settings.horizon_days, now=now)
    expected, flagged = drift.expected(judged.risk, line, found, promised, evidence)
    return {
        "sampled": len(seen),
        "flagged": flagged,
        "psi": index,
        "groups": found,
        "expected": expected,
        "promised": promised.right,
    }


def _evidence(session: Session, model: TrainedModel, horizon_days: int, *, now: datetime) -> Evidence | None:
    """What became of the accounts over the line, as far as it is known; each account counts once in a horizon."""
    since = now.date() - timedelta(days=rules.EVIDENCE_DAYS + 3 * horizon_days)
    days = [
        each for each in queries.model_days(session, since=since) if each.model == model.version and not each.shadow
    ]
    known = [each for each in days if each.mature and each.over][-rules.EVIDENCE_DAYS :]
    if not known:
        return None
    over = sum(each.over for each in known)
    rounds = max(1.0, ((known[-1].day - known[0].day).days + 1) / horizon_days)
    outcomes = over / len(known) * rounds
    seen = {each.day: drift.push(each.groups) for each in queries.watch_days(session, since=known[0].day)}
    pushes = [seen[each.day] for each in known if each.day in seen]
    return Evidence(
        outcomes=outcomes,
        hits=outcomes * sum(each.over_hits for each in known) / over,
        said=sum(each.over_risk for each in known) / over,
        push=float(np.mean(pushes)) if pushes else 0.0,
    )


def save(session: Session, row: dict[str, Any]) -> None:
    """Keep what was seen: the day's round is done with it."""
    upsert(session, WatchDay, [row])
