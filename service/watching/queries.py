"""SQL of watching: what was said, what became of it, and what follows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, cast, delete, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite

from models import (
    STARTER,
    Account,
    Alert,
    Base,
    Comparison,
    Complaint,
    ModelDay,
    ModelShift,
    ModelStatus,
    Observation,
    Retraining,
    Score,
    ScoreDay,
    ShadowDay,
    TrainedModel,
    Verdict,
    WatchDay,
)
from service.kit.database import Session
from service.kit.sql import is_sqlite
from service.scoring import queries as scoring

# Accounts that sent nothing for so long are not expected to have a score.
ACTIVE_DAYS = 90


def watch_days(session: Session, *, since: date) -> list[WatchDay]:
    """What was seen each day, the oldest first."""
    return list(session.scalars(select(WatchDay).where(WatchDay.day >= since).order_by(WatchDay.day)))


def watched(session: Session, day: date) -> bool:
    """Whether the round of a day is done."""
    return session.get(WatchDay, day) is not None


def model_days(session: Session, *, since: date) -> list[ModelDay]:
    """What was lived, by day, the oldest first."""
    rows = select(ModelDay).where(ModelDay.day >= since)
    return list(session.scalars(rows.order_by(ModelDay.day, ModelDay.model, ModelDay.shadow)))


def shifts(session: Session) -> list[ModelShift]:
    """What outcomes added to what the models said, by model, the newest first."""
    return list(session.scalars(select(ModelShift).order_by(ModelShift.model, ModelShift.day.desc())))


def helped(session: Session, versions: Collection[str]) -> dict[str, float]:
    """What acting multiplies complaints by, as each model's training saw it; 1 where it saw nothing."""
    rows = session.execute(select(TrainedModel.version, TrainedModel.card).where(TrainedModel.version.in_(versions)))
    return {version: card.get("feedback", {}).get("effect", {}).get("ratio", 1.0) for version, card in rows}


def said(session: Session, *, since: date, before: date) -> Sequence[Any]:
    """What speaking models said: (day, account, risk, model) of each account and day."""
    rows = select(ScoreDay.day, ScoreDay.account_id, ScoreDay.risk, ScoreDay.model)
    return session.execute(rows.where(ScoreDay.day >= since, ScoreDay.day < before)).all()


def said_in_shadow(session: Session, model: str, *, since: date, before: date) -> Sequence[Any]:
    """What a shadow said: (day, account, risk, the speaking model, its risk) of each account and day."""
    rows = select(ShadowDay.day, ShadowDay.account_id, ShadowDay.risk, ShadowDay.beside, ShadowDay.beside_risk)
    return session.execute(rows.where(ShadowDay.model == model, ShadowDay.day >= since, ShadowDay.day < before)).all()


def complaints(session: Session, *, after: datetime) -> Sequence[Any]:
    """Complaints (account, whole seconds since 1970) after a moment, in that order."""
    second = func.strftime("%s", Complaint.occurred_at) if is_sqlite(session) else func.extract(
        "epoch", Complaint.occurred_at
    )  # fmt: skip
    rows = select(Complaint.account_id, cast(second, Integer)).where(Complaint.occurred_at > after)
    return session.execute(rows.order_by(Complaint.account_id, Complaint.occurred_at)).all()


def complaint_rhythm(session: Session, *, until: datetime) -> tuple[datetime | None, timedelta]:
    """The last complaint, and the usual time between two in the 90 days before it."""
    last = session.scalar(select(func.max(Complaint.occurred_at)).where(Complaint.occurred_at <= until))
    if last is None:
        return None, timedelta()
    span = timedelta(days=ACTIVE_DAYS)
    count = session.scalar(
        select(func.count()).where(Complaint.occurred_at > last - span, Complaint.occurred_at <= last)
    )
    return last, span / max(1, count or 0)


@dataclass(frozen=True)
class Counts:
    """How many accounts are active, were scored in the last day, lack an input, are over the line; alerts opened."""

    accounts: int
    scored: int
    lacking: int
    over_line: int
    alerts: int


def counts(session: Session, line: float, *, now: datetime) -> Counts:
    """What can be counted of the present scores."""
    day = timedelta(days=1)
    sent = exists().where(
        Observation.account_id == Account.id,
        Observation.observed_at > now - timedelta(days=ACTIVE_DAYS),
        Observation.observed_at <= now,
    )
    fresh = Score.scored_at > now - day - timedelta(hours=1)
    length = func.json_array_length(Score.missing) if is_sqlite(session) else func.jsonb_array_length(Score.missing)
    numbers = (
        select(func.count()).select_from(Account).where(sent),
        select(func.count()).select_from(Score).join(Account, Account.id == Score.account_id).where(fresh, sent),
        select(func.count()).select_from(Score).where(fresh, length > 0),
        select(func.count()).select_from(Score).where(Score.risk >= line),
        select(func.count()).select_from(Alert).where(Alert.opened_at > now - day, Alert.opened_at <= now),
    )
    return Counts(*session.execute(select(*(each.scalar_subquery() for each in numbers))).one())


def last_data(session: Session) -> dict[int, datetime]:
    """The moment of the newest observation that each scored account's score has read, in order of the account."""
    rows = select(Score.account_id, Score.data_through).where(Score.data_through.is_not(None))
    return {account: at for account, at in session.execute(rows.order_by(Score.account_id)) if at is not None}


def unshadowed(session: Session, model: str, day: date, *, after: int, limit: int) -> list[Any]:
    """Accounts (id, speaking model, its risk) that a shadow has not scored on a day, by id from `after` on."""
    done = exists().where(ShadowDay.model == model, ShadowDay.day == day, ShadowDay.account_id == Score.account_id)
    rows = select(Score.account_id, Score.model, Score.risk).where(Score.account_id > after, ~done)
    return list(session.execute(rows.order_by(Score.account_id).limit(limit)).all())


def shadow(session: Session) -> TrainedModel | None:
    """The candidate that runs beside the speaking model: the newest, if it is newer than the one that speaks."""
    newest = select(TrainedModel).order_by(TrainedModel.trained_at.desc(), TrainedModel.id.desc())
    candidate = session.scalar(newest.where(TrainedModel.status == ModelStatus.CANDIDATE).limit(1))
    active = session.scalar(newest.where(TrainedModel.status == ModelStatus.ACTIVE).limit(1))
    if candidate is None or (active is not None and active.trained_at >= candidate.trained_at):
        return None
    return candidate


def older_candidates(session: Session, than: TrainedModel) -> list[TrainedModel]:
    """Candidates whose place in the shadow a newer one has taken."""
    rows = select(TrainedModel).where(TrainedModel.status == ModelStatus.CANDIDATE)
    return list(session.scalars(rows.where(TrainedModel.trained_at < than.trained_at)))


def model_lines(session: Session) -> dict[str, float]:
    """The alert line of every trained model."""
    rows = session.execute(select(TrainedModel.version, TrainedModel.alert_line))
    return {version: line for version, line in rows}  # noqa: C416 (rows are no tuples to mypy)


def comparison(session: Session, candidate: str, champion: str) -> Comparison | None:
    return session.get(Comparison, (candidate, champion))


def proposed(session: Session) -> bool:
    """Whether the candidate in the shadow does better than the model that speaks."""
    candidate = shadow(session)
    if candidate is None:
        return False
    active = select(TrainedModel.version).where(TrainedModel.status == ModelStatus.ACTIVE)
    found = comparison(session, candidate.version, session.scalar(active) or STARTER)
    return found is not None and found.verdict is Verdict.BETTER


def figures(session: Session) -> dict[str, float]:
    """What the newest look at the speaking model saw, and whether there is something to know or to decide."""
    seen = session.scalar(select(WatchDay).order_by(WatchDay.day.desc()).limit(1))
    found = {"notices": float(len(scoring.open_notices(session))), "proposed": float(proposed(session))}
    if seen is not None:
        shares = {
            "expected": seen.expected,
            "promised": seen.promised,
            "scored": seen.scored / seen.accounts if seen.accounts else None,
        }
        found |= {name: share for name, share in shares.items() if share is not None}
    return found


def last_retraining(session: Session) -> Retraining | None:
    """The newest scheduled training, under way or ended."""
    return session.scalar(select(Retraining).order_by(Retraining.id.desc()).limit(1))


def newest_model(session: Session) -> datetime | None:
    """When the newest model was trained, whoever asked for it."""
    return session.scalar(select(func.max(TrainedModel.trained_at)))


def has_complaints(session: Session) -> bool:
    return bool(session.scalar(select(exists().where(Complaint.id.is_not(None)))))


def held(session: Session, token: UUID) -> Retraining | None:
    """The training that is under way under this token, locked until the transaction ends."""
    mine = select(Retraining).where(Retraining.lease_token == token, Retraining.under_way.is_(True))
    return session.scalar(mine.with_for_update())


def lock_retraining(session: Session, retraining_id: int) -> Retraining | None:
    """A training, locked until the transaction ends; None while another worker is looking at it."""
    one = select(Retraining).where(Retraining.id == retraining_id).execution_options(populate_existing=True)
    return session.scalar(one.with_for_update(skip_locked=True))


def insert_retraining(session: Session, row: Mapping[str, Any]) -> bool:
    """Begin a training; False if one is under way."""
    insert = sqlite.insert if is_sqlite(session) else postgresql.insert
    begun = insert(Retraining).values(**row).on_conflict_do_nothing().returning(Retraining.id)
    return session.scalar(begun) is not None


def prune(session: Session, *, before: date) -> None:
    """Forget days that are too old to be shown or compared."""
    for table in (WatchDay, ModelDay, ModelShift, ShadowDay):
        session.execute(delete(table).where(table.day < before))


def add(session: Session, row: Base) -> None:
    session.add(row)
    session.flush()
