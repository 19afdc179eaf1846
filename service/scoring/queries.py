"""SQL of models, scores and the history that features are made from."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    bindparam,
    cast,
    extract,
    func,
    or_,
    select,
    type_coerce,
    update,
)

from models import (
    Account,
    Comparison,
    Complaint,
    Metric,
    ModelShift,
    ModelStatus,
    Notice,
    Observation,
    Rep,
    Score,
    ScoreDay,
    TrainedModel,
    Verdict,
)
from models.trained_model import LineKind
from service.kit.database import Session
from service.kit.sql import upsert
from service.scoring.definitions import Definition
from service.scoring.rules import STARTER_LINE


def active_model(session: Session) -> TrainedModel | None:
    """The model that speaks; None while the starter score does."""
    return session.scalar(select(TrainedModel).where(TrainedModel.status == ModelStatus.ACTIVE))


def alert_line(session: Session) -> float:
    """The risk at which operations is asked to look: the active model's, or the starter score's."""
    model = active_model(session)
    return model.alert_line if model else STARTER_LINE


def planned_alerts_per_day(session: Session, setting: float) -> float:
    """How many new alerts a day the team plans for: what the line in force was chosen for, or else the setting."""
    if (model := active_model(session)) is None or model.line_kind is None:
        return setting
    planned = model.line_value if model.line_kind is LineKind.BUDGET else model.line_alerts_per_day
    return setting if planned is None else planned


def model_by_version(session: Session, version: str) -> TrainedModel | None:
    return session.scalar(select(TrainedModel).where(TrainedModel.version == version))


def verdict_of(session: Session, candidate: TrainedModel) -> Verdict | None:
    """How a candidate did beside the model that speaks; None if it was never compared with it."""
    champion = active_model(session)
    found = session.get(Comparison, (candidate.version, champion.version)) if champion else None
    return found.verdict if found else None


def open_notices(session: Session) -> list[Notice]:
    """What people should still know about models, the newest first."""
    return list(session.scalars(select(Notice).where(Notice.closed_at.is_(None)).order_by(Notice.opened_at.desc())))


def trained_models(session: Session) -> Sequence[TrainedModel]:
    """All trained versions, the newest first."""
    return session.scalars(select(TrainedModel).order_by(TrainedModel.trained_at.desc(), TrainedModel.id.desc())).all()


def former_models(session: Session) -> Sequence[TrainedModel]:
    """Versions that spoke before, the last one first: what to fall back to."""
    retired = select(TrainedModel).where(TrainedModel.status == ModelStatus.RETIRED)
    spoke = retired.where(TrainedModel.promoted_at.is_not(None))
    return session.scalars(spoke.order_by(TrainedModel.promoted_at.desc())).all()


def shift_of(session: Session, version: str) -> float:
    """What outcomes add to a model's log-odds now; 0 until some are known."""
    newest = select(ModelShift.shift).where(ModelShift.model == version).order_by(ModelShift.day.desc())
    return session.scalar(newest.limit(1)) or 0.0


def definitions(session: Session) -> list[Definition]:
    """The metrics whose direction is known; the others are stored and not scored."""
    known = select(Metric).where(Metric.better.is_not(None)).order_by(Metric.external_id)
    return [
        Definition(
            metric.id, metric.external_id, metric.label, metric.unit, str(metric.better), metric.target,
            str(metric.combine), metric.exposure,
        )
        for metric in session.scalars(known)
    ]  # fmt: skip


def metrics_with_items(session: Session) -> set[int]:
    """Keys of the metrics some of whose observations name an item."""
    return set(session.scalars(select(Observation.metric_id).where(Observation.item_id != "").distinct()))


def account_names(session: Session) -> dict[int, str]:
    """Database key → the client's own key, of all accounts, in order of the database key."""
    return dict(session.execute(select(Account.id, Account.external_id).order_by(Account.id)).all())


def account_profiles(session: Session) -> Sequence[Any]:
    """All accounts (id, segment, value, time zone of the rep, or else its own)."""
    zone = func.coalesce(Rep.time_zone, Account.time_zone)
    rows = select(Account.id, Account.segment, Account.value, zone).outerjoin(Rep, Rep.id == Account.rep_id)
    return session.execute(rows.order_by(Account.id)).all()


def due_accounts(session: Session, scored_before: datetime, limit: int, after: int = 0) -> list[tuple[int, int]]:
    """Accounts that wait to be scored and the count of ingests (`data_version`) as it stands.

    Those with new data, and those whose score is from before `scored_before`; by key, from `after` on.
    """
    overdue = select(Score.account_id).where(Score.scored_at < scored_before)
    due = or_(Account.data_version != Account.scored_version, Account.id.in_(overdue))
    rows = select(Account.id, Account.data_version).where(due, Account.id > after).order_by(Account.id).limit(limit)
    return [(account, version) for account, version in session.execute(rows)]


def observation_rows(
    session: Session, accounts: Sequence[int], *, after: datetime | None, until: datetime
) -> Sequence[Any]:
    """Observations (account, metric, at, value, item) of some accounts, in `after` < moment ≤ `until`."""
    rows = select(
        Observation.account_id, Observation.metric_id, _moment(session, Observation.observed_at), Observation.value,
        Observation.item_id,
    ).where(Observation.account_id.in_(accounts), Observation.observed_at <= until)  # fmt: skip
    if after is not None:
        rows = rows.where(Observation.observed_at > after)
    return _tuples(session, rows)


def observation_counts(session: Session, accounts: Sequence[int], after: datetime, until: datetime) -> dict[int, int]:
    """How many observations each account has in `after` < moment ≤ `until`; those without any are left out."""
    mine = Observation.account_id.in_(accounts), Observation.observed_at > after, Observation.observed_at <= until
    counts = select(Observation.account_id, func.count()).where(*mine).group_by(Observation.account_id)
    return dict(session.execute(counts).all())


def complaint_rows(session: Session, accounts: Sequence[int] | None, *, until: datetime) -> Sequence[Any]:
    """Complaints (account, at) up to a moment, of some accounts or with None of all."""
    rows = select(Complaint.account_id, _moment(session, Complaint.occurred_at)).where(Complaint.occurred_at <= until)
    if accounts is not None:
        rows = rows.where(Complaint.account_id.in_(accounts))
    return session.execute(rows).all()


def complaint_span(session: Session, *, until: datetime) -> tuple[datetime | None, datetime | None, timedelta]:
    """The moments of the first and the last complaint, and the mean time between two of them."""
    known = select(func.min(Complaint.occurred_at), func.max(Complaint.occurred_at), func.count())
    first, last, count = session.execute(known.where(Complaint.occurred_at <= until)).one()
    return first, last, (last - first) / count if count else timedelta()


def dated_after(session: Session, moment: datetime) -> tuple[int, int]:
    """How many observations and complaints are dated after a moment, and how many there are."""
    found = [
        session.execute(select(func.count().filter(dated > moment), func.count())).one()
        for dated in (Observation.observed_at, Complaint.occurred_at)
    ]
    return sum(row[0] for row in found), sum(row[1] for row in found)


def account_rows(session: Session, accounts: Sequence[int]) -> Sequence[Any]:
    """Accounts (id, agreed start as a date, moment of the first observation)."""
    at = _moment(session, func.min(Observation.observed_at))
    first = select(at).where(Observation.account_id == Account.id).correlate(Account).scalar_subquery()
    return session.execute(select(Account.id, Account.started_on, first).where(Account.id.in_(accounts))).all()


def newest_observations(session: Session, accounts: Sequence[int], *, until: datetime) -> Sequence[Any]:
    """Accounts (id, moment of the newest observation up to `until`, or none): one look into the index each."""
    mine = Observation.account_id == Account.id
    newest = select(func.max(Observation.observed_at)).where(mine, Observation.observed_at <= until)
    return session.execute(
        select(Account.id, newest.correlate(Account).scalar_subquery()).where(Account.id.in_(accounts))
    ).all()


def accounts_ahead(session: Session, accounts: Sequence[int], *, after: datetime, until: datetime) -> set[int]:
    """Those of the accounts that have an observation or a complaint in `after` < moment ≤ `until`."""
    moments = ((Observation.account_id, Observation.observed_at), (Complaint.account_id, Complaint.occurred_at))
    found = (
        session.scalars(select(account).where(account.in_(accounts), at > after, at <= until).distinct())
        for account, at in moments
    )
    return set().union(*found)


def span(session: Session) -> tuple[datetime | None, datetime | None]:
    """The moments of the first and the last observation of all."""
    first = session.scalar(select(func.min(Observation.observed_at)))
    return first, session.scalar(select(func.max(Observation.observed_at)))


def _tuples(session: Session, rows: Select[Any]) -> Sequence[Any]:
    """Rows as the driver gives them: of millions, making objects of them takes two thirds of the time."""
    cursor = session.connection().execute(rows).cursor
    assert cursor is not None
    return cursor.fetchall()


def _moment(session: Session, column: Any) -> ColumnElement[Any]:
    """A moment as microseconds since 1970 (PostgreSQL) or as ISO text (SQLite): millions of rows need no objects."""
    if session.get_bind().dialect.name == "sqlite":
        return type_coerce(column, String)
    return cast(extract("epoch", column) * 1_000_000, BigInteger)


def scores_of(session: Session, accounts: Sequence[int]) -> dict[int, Score]:
    """The last scores of some accounts."""
    found = session.scalars(select(Score).where(Score.account_id.in_(accounts)))
    return {score.account_id: score for score in found}


def save_scores(session: Session, scores: Sequence[Mapping[str, Any]]) -> None:
    """Write one score an account; the older one goes."""
    upsert(session, Score, scores)


def save_score_days(session: Session, days: Sequence[Mapping[str, Any]]) -> None:
    """Write one row an account and day; the last of a day stays."""
    upsert(session, ScoreDay, days)


def mark_scored(session: Session, versions: Iterable[tuple[int, int]]) -> None:
    """Say up to which count of ingests each account has been read; never backwards."""
    behind = update(Account.__table__).where(  # type: ignore[arg-type]
        Account.id == bindparam("account"), Account.scored_version < bindparam("version")
    )
    rows = [{"account": account, "version": version} for account, version in versions]
    if rows:
        session.connection().execute(behind.values(scored_version=bindparam("version")), rows)
