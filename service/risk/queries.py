"""SQL of the risk list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Subquery, and_, case, func, or_, select

from models import Account, Rep, Score, ScoreDay
from service.kit.database import Session
from service.risk.rules import Asked, Sort
from service.scoring.queries import alert_line

WEEK = timedelta(days=7)
# Stands in for a change that is not known, below all that are.
UNKNOWN_CHANGE = -9.0
# What an account can be worth in the order of lists.
MOST_WORTH, LEAST_WORTH = 1e100, 1e-100


@dataclass(frozen=True)
class Position:
    """Where a page ends: the sorted value and the account of its last row."""

    value: float | str
    account_id: str


def version(session: Session) -> tuple[Any, ...]:
    """Changes whenever the list of a day may have changed; costs a few small reads.

    A round of scoring gives all its scores one moment and commits them in several transactions: so the scores of the
    newest moment are counted too.
    """
    newest = session.scalar(select(func.max(Score.scored_at)))
    of_newest = session.scalar(select(func.count()).where(Score.scored_at == newest)) if newest else 0
    scores = session.scalar(select(func.count()).select_from(Score))
    accounts = session.scalar(select(func.max(Account.updated_at)))
    return newest, of_newest, scores, accounts, alert_line(session)


def risks(
    session: Session, asked: Asked, *, today: date, after: Position | None, limit: int
) -> Sequence[Row[tuple[Any, ...]]]:
    """Scores with account, rep's address, rank and change in 7 days."""
    listed = _listed(today)
    columns = listed.c
    wanted = select(listed).where(columns.risk >= asked.min_risk)
    if asked.rep is not None:
        wanted = wanted.where(columns.rep == asked.rep)
    if asked.segment is not None:
        wanted = wanted.where(columns.segment == asked.segment)
    if asked.changed_since is not None:
        wanted = wanted.where(columns.changed_at >= asked.changed_since)
    key = columns[_column(asked.sort)]
    wanted = _after(wanted, key, columns.account_id, after, descending=asked.sort.descending)
    order = key.desc() if asked.sort.descending else key
    return session.execute(wanted.order_by(order, columns.account_id).limit(limit)).all()


def priority() -> ColumnElement[float]:
    """The value at stake: the chance of more complaints than usual, times the account's value.

    An account of unknown value counts as an average one; where no value is known at all, the chance alone decides.
    """
    # PostgreSQL raises an error where a product or a mean leaves what a float holds, and its mean squares on the way.
    value = case((Account.value > MOST_WORTH, MOST_WORTH), (Account.value < LEAST_WORTH, 0.0), else_=Account.value)
    average = select(func.avg(value)).scalar_subquery()
    return Score.rise * func.coalesce(value, average, 1.0)


def _listed(today: date) -> Subquery:
    """All scored accounts. The rank is taken before anything is filtered."""
    week_ago = (
        select(ScoreDay.risk)
        .where(ScoreDay.account_id == Score.account_id, ScoreDay.day.between(today - 2 * WEEK, today - WEEK))
        .order_by(ScoreDay.day.desc())
        .limit(1)
        .correlate(Score)
        .scalar_subquery()
    )
    change = Score.risk - week_ago
    return (
        select(
            Account.external_id.label("account_id"),
            Account.name,
            Account.segment,
            Rep.email.label("rep"),
            Score.risk,
            Score.rise,
            priority().label("priority"),
            func.rank().over(order_by=Score.risk.desc()).label("rank"),
            change.label("change_7d"),
            func.coalesce(change, UNKNOWN_CHANGE).label("sort_change"),
            Score.reasons,
            Score.missing,
            Score.scored_at,
            Score.changed_at,
            Score.data_through,
            Score.model,
        )
        .join(Account, Account.id == Score.account_id)
        .outerjoin(Rep, Rep.id == Account.rep_id)
        .subquery()
    )


def _after(
    wanted: Select[Any],
    key: ColumnElement[Any],
    account_id: ColumnElement[str],
    after: Position | None,
    *,
    descending: bool,
) -> Select[Any]:
    """Go on behind the last row of the page before. Rows that come or go in between shift nothing."""
    if after is None:
        return wanted
    beyond = key < after.value if descending else key > after.value
    return wanted.where(or_(beyond, and_(key == after.value, account_id > after.account_id)))


def sort_value(row: Any, sort: Sort) -> float | str:
    """The value by which a row stands where it stands."""
    return row._mapping[_column(sort)]  # type: ignore[no-any-return]  # noqa: SLF001 (the public name of a Row's mapping)


def _column(sort: Sort) -> str:
    return "sort_change" if sort.key == "change_7d" else sort.key


def risk_days(session: Session, account: Account, *, since: date) -> list[ScoreDay]:
    """The risk of an account by day, oldest first."""
    days = select(ScoreDay).where(ScoreDay.account_id == account.id, ScoreDay.day >= since)
    return list(session.scalars(days.order_by(ScoreDay.day)))
