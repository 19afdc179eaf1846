"""The candidate in the shadow: it scores all accounts once a day, nobody acts on it, and it is compared."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import structlog

from models import STARTER, Comparison, ModelStatus, ShadowDay, TrainedModel, Verdict
from service.access import actions as access
from service.kit.database import Database, Session
from service.kit.settings import Settings
from service.kit.sql import upsert
from service.scoring import active, features, history
from service.scoring import queries as scoring
from service.scoring.features import Features
from service.scoring.trained import TrainedScorer
from service.watching import comparison, lived, queries
from service.watching.comparison import Paired
from service.watching.lived import Outcomes

log = structlog.get_logger()

WORKER = "headsup"
BATCH = 500
# Days that are compared at most: the latest.
COMPARED_DAYS = 28


def score(db: Database, settings: Settings, *, now: datetime) -> int:
    """Let the shadow score the accounts that it has not scored today; return how many.

    The speaking model's score is kept beside it, so that both are compared on the same accounts at the same time.
    """
    with db.begin() as session:
        model = queries.shadow(session)
        _retire_older(session, model, now=now)
    done, after = 0, 0
    while model is not None:
        with db.read() as session:
            waiting = queries.unshadowed(session, model.version, now.date(), after=after, limit=BATCH)
            scorer = active.scorer_of(session, settings, model) if waiting else None
            if scorer is None:
                break
            accounts, built = build(session, scorer, [row.account_id for row in waiting], now=now)
        risks = dict(zip(accounts, scorer.judge(built).risk.tolist(), strict=True)) if accounts else {}
        rows = [
            {"model": model.version, "day": now.date(), "account_id": account, "risk": risks[account],
             "beside": beside, "beside_risk": beside_risk}
            for account, beside, beside_risk in waiting
            if np.isfinite(risks.get(account, np.nan))
        ]  # fmt: skip
        with db.begin() as session:
            upsert(session, ShadowDay, rows)
        done, after = done + len(rows), waiting[-1].account_id
    return done


def build(session: Session, scorer: TrainedScorer, accounts: list[int], *, now: datetime) -> tuple[list[int], Features]:
    """The features of those of the accounts that have data, as a scorer wants them."""
    seen = sorted(history.newest(session, accounts, until=now))
    parts = [_part(session, scorer, portion, now=now) for portion in history.portions(session, seen, until=now) or [[]]]
    return seen, Features(parts[0].columns, np.concatenate([part.values for part in parts]))


def _part(session: Session, scorer: TrainedScorer, accounts: Sequence[int], *, now: datetime) -> Features:
    past, moments = history.read(session, accounts, until=now), history.snapshots_at(accounts, now)
    return features.build(past, moments, scorer.definitions, scorer.prior, scorer.items)


def _retire_older(session: Session, model: TrainedModel | None, *, now: datetime) -> None:
    if model is None:
        return
    for older in queries.older_candidates(session, model):
        older.status, older.retired_at = ModelStatus.RETIRED, now
        access.record(session, WORKER, "model.retire", older.version, now=now, newer=model.version)


def compare(session: Session, settings: Settings, outcomes: Outcomes, *, now: datetime) -> dict[str, Any] | None:
    """How the shadow does beside the model that speaks, as a row of `Comparison`; None without a shadow.

    Beside the starter score, which says of itself that it is no trained probability, the candidate's own backtest
    against it is enough.
    """
    model, champion = queries.shadow(session), scoring.active_model(session)
    if model is None:
        return None
    row = {"candidate": model.version, "champion": champion.version if champion else STARTER, "compared_at": now}
    if champion is None:
        return row | _by_backtest(model)
    said = queries.said_in_shadow(
        session, model.version, since=now.date() - timedelta(days=COMPARED_DAYS + 2 * settings.horizon_days),
        before=now.date(),
    )  # fmt: skip
    return row | _by_outcomes(said, champion, outcomes, settings.shadow_days)


def _by_backtest(model: TrainedModel) -> dict[str, Any]:
    measures = model.card["measures"]
    own = measures["model"]["average_precision"]
    rivals = {name: row["average_precision"] for name, row in measures["baselines"].items() if name != "logistic"}
    best = max((value for value in rivals.values() if value is not None), default=None)
    better = own is not None and best is not None and own > best
    evidence = {"basis": "backtest", "average_precision": [own, best], "rivals": rivals}
    why = (
        "on weeks that it had not seen it ranks better than any simple rule" if better else "a simple rule does as well"
    )
    return {"verdict": Verdict.BETTER if better else Verdict.SAME, "evidence": evidence | {"why": why}}


def _by_outcomes(said: Any, champion: TrainedModel, outcomes: Outcomes, wanted: int) -> dict[str, Any]:
    beside = [row for row in said if row.beside == champion.version]
    known = [row for row in beside if outcomes.known(row.day)]
    days = sorted({row.day for row in known})[-COMPARED_DAYS:]
    if len(days) < wanted:
        return _waiting(len(days), wanted, min((row.day for row in beside), default=None), outcomes)
    rows = [row for row in known if row.day >= days[0]]
    alone = outcomes.untouched(np.array([row.account_id for row in rows], dtype=np.int64), [row.day for row in rows])
    rows = [row for row, kept in zip(rows, alone.tolist(), strict=True) if kept]
    account = np.array([row.account_id for row in rows], dtype=np.int64)
    paired = Paired(
        account=account,
        day=np.array([row.day.toordinal() for row in rows]),
        risk=np.array([row.risk for row in rows]),
        beside=np.array([row.beside_risk for row in rows]),
        hit=outcomes.followed(account, [row.day for row in rows]),
    )
    evidence = comparison.compare(paired, line=champion.alert_line)
    verdict, why = comparison.verdict(evidence)
    span = {"first": days[0].isoformat(), "last": days[-1].isoformat()}
    return {"verdict": verdict, "evidence": {"basis": "outcomes", "why": why} | span | evidence}


def _waiting(days: int, wanted: int, first: date | None, outcomes: Outcomes) -> dict[str, Any]:
    evidence: dict[str, Any] = {"basis": "outcomes", "why": f"outcomes of {days} of {wanted} days are known"}
    if first is not None:
        ready = lived.matures(first + timedelta(days=wanted - 1), outcomes.horizon_days)
        evidence["ready_on"] = ready.isoformat()
    return {"verdict": Verdict.WAITING, "evidence": evidence | {"days": days, "of": wanted}}


def save(session: Session, row: dict[str, Any] | None, *, now: datetime) -> None:
    """Keep the comparison; a verdict that is new is written down."""
    if row is None:
        return
    before = queries.comparison(session, row["candidate"], row["champion"])
    if before is None or before.verdict != row["verdict"]:
        access.record(
            session, WORKER, "model.compare", row["candidate"], now=now,
            champion=row["champion"], verdict=str(row["verdict"]),
        )  # fmt: skip
        log.info("model_compared", candidate=row["candidate"], champion=row["champion"], verdict=str(row["verdict"]))
    upsert(session, Comparison, [row])
