"""SQL of the list of accounts and of one account's page."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import contains_eager

from models import Account, Alert, Combine, Complaint, Metric, Observation, Rep, Score
from service.kit.database import Session

PER_PAGE = 50
COMPLAINTS_SHOWN = 50
# Text on SQLite, a date on PostgreSQL; written alike.
_DAY = func.date(Observation.observed_at)


class Sort(StrEnum):
    """The orders of the list."""

    RISK = "risk"
    NAME = "name"
    VALUE = "value"


@dataclass(frozen=True)
class Line:
    """An account in the list, with its score and its live alert, if it has them."""

    account: Account
    score: Score | None
    alert_id: UUID | None


@dataclass(frozen=True)
class Daily:
    """A metric of an account, day by day."""

    metric: Metric
    days: list[str]
    values: list[float]


def accounts(session: Session, search: str, sort: Sort, *, page: int) -> tuple[list[Line], bool]:
    """A page of accounts, counted from 1, and whether another one follows."""
    live = and_(Alert.account_id == Account.id, Alert.resolved_at.is_(None))
    found: Select[Account, Score | None, UUID | None] = (
        select(Account, Score, Alert.id)
        .outerjoin(Account.rep)
        .outerjoin(Score, Score.account_id == Account.id)
        .outerjoin(Alert, live)
        .options(contains_eager(Account.rep))
        .order_by(*_order(sort))
    )
    if search:
        texts = (Account.name, Account.external_id, Account.segment, Rep.name, Rep.email)
        found = found.where(or_(*(text.icontains(search, autoescape=True) for text in texts)))
    rows = session.execute(found.offset((page - 1) * PER_PAGE).limit(PER_PAGE + 1)).all()
    return [Line(*row) for row in rows[:PER_PAGE]], len(rows) > PER_PAGE


def _order(sort: Sort) -> tuple[ColumnElement[Any], ...]:
    first = {
        Sort.RISK: Score.risk.desc().nulls_last(),
        Sort.NAME: func.lower(Account.name),
        Sort.VALUE: Account.value.desc().nulls_last(),
    }[sort]
    return first, Account.id.asc()


def score(session: Session, account_id: int) -> Score | None:
    return session.get(Score, account_id)


def complaints(session: Session, account_id: int) -> list[Complaint]:
    """The account's complaints, newest first."""
    mine = select(Complaint).where(Complaint.account_id == account_id)
    return list(session.scalars(mine.order_by(Complaint.occurred_at.desc()).limit(COMPLAINTS_SHOWN)))


def measured(session: Session, account_id: int, *, since: datetime) -> list[Metric]:
    """The metrics that have values for the account; those that are scored come first."""
    seen = select(Observation.metric_id).where(Observation.account_id == account_id, Observation.observed_at >= since)
    metrics = select(Metric).where(Metric.id.in_(seen)).order_by(Metric.better.is_(None), Metric.label)
    return list(session.scalars(metrics))


def daily(session: Session, account_id: int, *, since: datetime) -> list[Daily]:
    """The account's metrics by UTC day, each day's values combined as the metric says."""
    metrics = measured(session, account_id, since=since)
    points: dict[int, list[tuple[str, float]]] = defaultdict(list)
    lasting = [metric.id for metric in metrics if metric.combine is Combine.LAST]
    summed = {metric.id for metric in metrics if metric.combine is Combine.SUM}
    mine = and_(Observation.account_id == account_id, Observation.observed_at >= since)
    for metric_id, day, total, count in session.execute(_totals(mine, lasting)):
        points[metric_id].append((str(day), total if metric_id in summed else total / count))
    for metric_id, day, value in session.execute(_newest(mine, lasting)):
        points[metric_id].append((str(day), value))
    return [Daily(metric, *map(list, zip(*points[metric.id], strict=True))) for metric in metrics]


def _totals(mine: ColumnElement[bool], but: list[int]) -> Select[int, object, float, int]:
    # No mean of the database's: PostgreSQL squares on the way, and raises an error where a square is too large.
    values = select(Observation.metric_id, _DAY, func.sum(Observation.value), func.count())
    values = values.where(mine, Observation.metric_id.not_in(but))
    return values.group_by(Observation.metric_id, _DAY).order_by(_DAY)


def _newest(mine: ColumnElement[bool], metric_ids: list[int]) -> Select[int, object, float]:
    """The last value of each day."""
    by_day = (Observation.metric_id, _DAY)
    latest = (Observation.observed_at.desc(), Observation.item_id.desc())
    nth = func.row_number().over(partition_by=by_day, order_by=latest).label("nth")
    ranked = select(Observation.metric_id, _DAY.label("day"), Observation.value, nth)
    days = ranked.where(mine, Observation.metric_id.in_(metric_ids)).subquery()
    return select(days.c.metric_id, days.c.day, days.c.value).where(days.c.nth == 1).order_by(days.c.day)
