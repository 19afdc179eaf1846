"""SQL of the queue and of the frame around every page."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, and_, cast, func, or_, select
from sqlalchemy.orm import contains_eager

from models import (
    STARTER,
    Account,
    Alert,
    AlertEvent,
    AlertStatus,
    Commitment,
    Mail,
    MailState,
    Metric,
    Notice,
    Operator,
    Rep,
    Score,
    ScoreDay,
    Update,
)
from service.alerts.queries import WHERE
from service.commitments.queries import AT_RISK
from service.kit.database import Session
from service.replies import queries as replies
from service.risk.queries import priority
from service.watching.queries import proposed

DONE_SHOWN = 100
_LIVE = Alert.resolved_at.is_(None)
_newest = select(func.max(Update.written_at)).where(Update.alert_id == Alert.id).correlate(Alert).scalar_subquery()
# Joins an alert to the last that was said about it.
NEWEST_UPDATE = and_(Update.alert_id == Alert.id, Update.written_at == _newest)


class View(StrEnum):
    """The saved views of the queue."""

    TO_DO = "todo"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    SNOOZED = "snoozed"
    DONE = "done"


class Order(StrEnum):
    """The orders of what is live: by value at stake, by risk, or the newest first."""

    STAKE = "stake"
    RISK = "risk"
    NEW = "new"


@dataclass(frozen=True)
class Filter:
    """What the queue shows; every field is in the page's URL."""

    view: View = View.TO_DO
    rep: str = ""
    segment: str = ""
    search: str = ""
    order: Order = Order.STAKE


@dataclass(frozen=True)
class Shell:
    """The counts in the frame of every page."""

    open: int
    to_dos: int


@dataclass(frozen=True)
class RepChoice:
    """A rep to filter by."""

    email: str
    name: str


def _where(view: View, me: str) -> ColumnElement[bool]:
    awake = or_(WHERE[AlertStatus.OPEN], WHERE[AlertStatus.ACKNOWLEDGED])
    return {
        View.TO_DO: awake,
        View.MINE: and_(_LIVE, Alert.assigned_to == me),
        View.UNASSIGNED: and_(awake, Alert.assigned_to.is_(None)),
        View.SNOOZED: WHERE[AlertStatus.SNOOZED],
        View.DONE: WHERE[AlertStatus.RESOLVED],
    }[view]


def _joined() -> Select[Alert]:
    return (
        select(Alert)
        .join(Alert.account)
        .outerjoin(Account.rep)
        .options(contains_eager(Alert.account).contains_eager(Account.rep))
    )


def queue(session: Session, wanted: Filter, *, me: str) -> list[Alert]:
    """The alerts of a view, by default those with most at stake first; those that ended, newest first."""
    found = _joined().where(_where(wanted.view, me))
    if wanted.rep:
        found = found.where(Rep.email == wanted.rep)
    if wanted.segment:
        found = found.where(Account.segment == wanted.segment)
    if wanted.search:
        texts = (Account.name, Account.external_id, Rep.name, Rep.email, cast(Alert.reasons, String))
        found = found.where(or_(*(text.icontains(wanted.search, autoescape=True) for text in texts)))
    if wanted.view is View.DONE:
        found = found.order_by(Alert.resolved_at.desc(), Alert.id).limit(DONE_SHOWN)
    else:
        found = found.outerjoin(Score, Score.account_id == Alert.account_id).order_by(*_order(wanted.order))
    return list(session.scalars(found))


def _order(order: Order) -> tuple[Any, ...]:
    first: dict[Order, Any] = {
        Order.STAKE: func.coalesce(priority(), -1.0).desc(),
        Order.RISK: Alert.risk.desc(),
        Order.NEW: Alert.asked_at.desc(),
    }
    return first[order], Alert.risk.desc(), Alert.id


def rises(session: Session, account_ids: Iterable[int]) -> dict[int, float]:
    """How likely more complaints than usual are, of accounts scored by a trained model."""
    known = select(Score.account_id, Score.rise).where(Score.account_id.in_(list(account_ids)), Score.model != STARTER)
    return dict(session.execute(known).all())


def view_counts(session: Session, *, me: str) -> dict[View, int]:
    """How many live alerts each view holds; what is done is not counted."""
    counted = [view for view in View if view is not View.DONE]
    numbers = [func.count().filter(_where(view, me)) for view in counted]
    row = session.execute(select(*numbers).where(_LIVE)).one()
    return dict(zip(counted, row, strict=True))


def opened_since(session: Session, moment: datetime) -> int:
    """How many alerts asked for attention after a moment."""
    return session.scalar(select(func.count()).where(WHERE[AlertStatus.OPEN], Alert.asked_at > moment)) or 0


def risk_history(session: Session, account_ids: Iterable[int], *, since: date) -> dict[int, list[tuple[date, float]]]:
    """The daily risk of many accounts, oldest first."""
    days = select(ScoreDay.account_id, ScoreDay.day, ScoreDay.risk)
    days = days.where(ScoreDay.account_id.in_(list(account_ids)), ScoreDay.day >= since)
    history = defaultdict(list)
    for account_id, day, risk in session.execute(days.order_by(ScoreDay.account_id, ScoreDay.day)):
        history[account_id].append((day, risk))
    return history


def promised(session: Session, alert_ids: Iterable[UUID]) -> dict[UUID, datetime]:
    """When the next update of each alert was promised, by its newest update."""
    rows = select(Alert.id, Update.next_update_at).join(Update, NEWEST_UPDATE)
    rows = rows.where(Alert.id.in_(list(alert_ids)), Update.next_update_at.is_not(None))
    return {alert_id: moment for alert_id, moment in session.execute(rows) if moment}


def last_events(session: Session, alert_ids: Iterable[UUID]) -> dict[UUID, int]:
    """The newest line of each alert's history: what its page has seen."""
    newest = select(AlertEvent.alert_id, func.max(AlertEvent.id)).where(AlertEvent.alert_id.in_(list(alert_ids)))
    return dict(session.execute(newest.group_by(AlertEvent.alert_id)).all())


def rep_choices(session: Session) -> list[RepChoice]:
    """Reps with a live alert."""
    reps = (
        select(Rep.email, Rep.name).join(Account, Account.rep_id == Rep.id).join(Alert, Alert.account_id == Account.id)
    )
    rows = session.execute(reps.where(_LIVE).distinct().order_by(Rep.name, Rep.email))
    return [RepChoice(email, name or email) for email, name in rows]


def segments(session: Session) -> list[str]:
    """Segments of accounts."""
    found = select(Account.segment).where(Account.segment.is_not(None), Account.segment != "").distinct()
    return [segment for segment in session.scalars(found.order_by(Account.segment)) if segment]


def waiting(session: Session, line: float) -> int:
    """How many accounts are over the line and have no live alert: the day's budget is spent, or they cool down."""
    live = select(Alert.id).where(Alert.account_id == Score.account_id, _LIVE).exists()
    return session.scalar(select(func.count()).select_from(Score).where(Score.risk >= line, ~live)) or 0


def operator_names(session: Session) -> dict[str, str]:
    """The names behind the addresses in histories, of everybody who ever worked here."""
    return dict(session.execute(select(Operator.email, Operator.name)).all())


def shell(session: Session, *, now: datetime) -> Shell:
    """Count what waits for somebody."""
    open_alerts = select(func.count()).select_from(Alert).where(WHERE[AlertStatus.OPEN])
    to_dos = (
        select(func.count()).select_from(Account).where(Account.rep_id.is_(None)),
        select(func.count()).select_from(Metric).where(Metric.better.is_(None)),
        select(func.count()).select_from(Mail).where(Mail.state.in_((MailState.PARKED, MailState.SUPPRESSED))),
        select(func.count()).select_from(Alert).join(Update, NEWEST_UPDATE).where(_LIVE, Update.next_update_at < now),
        select(func.count()).select_from(Notice).where(Notice.closed_at.is_(None)),
        select(func.count()).select_from(Commitment).where(AT_RISK),
        *replies.waiting_counts(),
    )
    row = session.execute(select(*(each.scalar_subquery() for each in (open_alerts, *to_dos)))).one()
    return Shell(row[0], sum(row[1:]) + proposed(session))
