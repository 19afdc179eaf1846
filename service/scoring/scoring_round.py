"""One batch of accounts: read, judge, write."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray

from models import Score
from service.kit.database import Session
from service.kit.phrases import Phrases
from service.kit.settings import Settings
from service.scoring import active, features, history, phrasebook, queries, reasons, unusual
from service.scoring.definitions import Definition
from service.scoring.features import COMPLAINTS, Features
from service.scoring.items import ItemModel
from service.scoring.judgement import Judgement, Scorer
from service.scoring.past import History, Prior
from service.scoring.trained import TrainedScorer

log = structlog.get_logger()

# How far ahead of a round's beginning a row may be dated: clocks differ (the API takes 5 minutes), rounds take time.
AHEAD = timedelta(minutes=10)


@dataclass(frozen=True)
class Found:
    """What was read of a batch, at one state of the database. `ahead` accounts have data dated just after `now`."""

    history: History
    newest: dict[int, datetime]
    ahead: set[int]
    scorer: Scorer
    definitions: Sequence[Definition]
    prior: Prior
    items: ItemModel | None
    before: dict[int, Score]
    horizon_days: int
    words: Phrases


def due(
    session: Session, scored_before: datetime, most: int, *, after: int, now: datetime
) -> list[list[tuple[int, int]]]:
    """So many of the accounts that wait to be scored, with the count of ingests, cut into what is read at once."""
    versions = dict(queries.due_accounts(session, scored_before, most, after))
    portions = history.portions(session, list(versions), until=now)
    return [[(account, versions[account]) for account in portion] for portion in portions]


def read(session: Session, settings: Settings, accounts: Sequence[int], *, now: datetime) -> Found:
    """Read what the scores of these accounts need."""
    speaking = active.speaking(session, settings)
    return Found(
        history=history.read(session, accounts, until=now),
        newest=history.newest(session, accounts, until=now),
        ahead=queries.accounts_ahead(session, accounts, after=now, until=now + AHEAD),
        scorer=speaking.scorer,
        definitions=speaking.definitions,
        prior=speaking.prior,
        items=speaking.items,
        before=queries.scores_of(session, accounts),
        horizon_days=settings.horizon_days,
        words=phrasebook.read(settings.templates),
    )


def judge(found: Found, *, now: datetime) -> list[dict[str, Any]]:
    """Score each account that has ever had an observation. A risk that is no number is logged and left out."""
    accounts = sorted(found.newest)
    if not accounts:
        return []
    moments = history.snapshots_at(accounts, now)
    built = features.build(found.history, moments, found.definitions, found.prior, found.items)
    judgement = found.scorer.judge(built)
    sound = np.isfinite(judgement.risk) & (judgement.risk >= 0) & (judgement.risk <= 1)
    if not sound.all():
        log.error("risk_not_finite", model=found.scorer.version, accounts=int((~sound).sum()))
    carrying = found.items.metrics if found.items is not None else ()
    rises = _rises(found, built, judgement)
    scores = []
    for row in np.flatnonzero(sound).tolist():
        stats = built.stats(row)
        score = {
            "account_id": accounts[row],
            "risk": float(judgement.risk[row]),
            "rise": float(rises[row]),
            "model": found.scorer.version,
            "reasons": reasons.of_row(
                judgement, row, stats, found.scorer.typical, found.definitions, carrying=carrying, words=found.words
            ),
            "missing": reasons.missing(stats, found.definitions),
            "data_through": found.newest[accounts[row]],
            "scored_at": now,
        }
        scores.append(score | {"changed_at": _changed_at(found.before.get(accounts[row]), score, now)})
    return scores


def _rises(found: Found, built: Features, judgement: Judgement) -> NDArray[np.float64]:
    """How likely more complaints than usual are; the starter score knows no probabilities, so there it is the risk."""
    if not isinstance(found.scorer, TrainedScorer):
        return judgement.risk
    usual = found.horizon_days * built.stat(COMPLAINTS, "rate")
    return found.scorer.chance(built, judgement, unusual.needed(usual))


def _changed_at(before: Score | None, score: dict[str, Any], now: datetime) -> datetime:
    """Dashboards ask for what changed: a score that says the same again has not."""
    if before is None or (before.risk, before.model, before.reasons) != (
        score["risk"],
        score["model"],
        score["reasons"],
    ):
        return now
    return before.changed_at


def write(session: Session, scores: Sequence[dict[str, Any]], due: Sequence[tuple[int, int]], *, now: datetime) -> int:
    """Store the scores, the day's row of each, and how far each account has been read."""
    queries.save_scores(session, scores)
    days = [{"day": now.date(), **{key: score[key] for key in ("account_id", "risk", "model")}} for score in scores]
    queries.save_score_days(session, days)
    queries.mark_scored(session, due)
    return len(scores)
