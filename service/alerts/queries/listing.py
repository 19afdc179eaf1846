"""SQL of the list of alerts: a page of them, in one of three orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, func, or_

from models import Account, Alert, AlertStatus, Rep, Score
from models.alert import LIVE
from service.alerts.queries import WHERE, whole
from service.kit.database import Session
from service.risk.queries import priority

# Stands in for the priority of an account that has no score, below all that are known.
UNKNOWN = -1.0


class Order(StrEnum):
    """The riskiest first, those with most at stake first (as in the console's queue), or the newest first."""

    RISK = "risk"
    PRIORITY = "priority"
    OPENED = "opened"

    @property
    def kind(self) -> type[float | str]:
        """What a cursor of this order holds beside the alert's id."""
        return str if self is Order.OPENED else float

    @property
    def column(self) -> Any:
        return {
            Order.RISK: Alert.risk,
            Order.PRIORITY: func.coalesce(priority(), UNKNOWN),
            Order.OPENED: Alert.opened_at,
        }[self]

    def place(self, value: float | str, alert_id: str) -> "Place":
        """Read a position in the list back from a cursor."""
        return Place(value if isinstance(value, float) else datetime.fromisoformat(value), UUID(alert_id))


class Place(NamedTuple):
    """Where a page ends: what the list is sorted by, and the id, of its last alert."""

    value: float | datetime
    alert_id: UUID

    def position(self) -> tuple[float | str, str]:
        """For a cursor."""
        value = self.value.isoformat() if isinstance(self.value, datetime) else self.value
        return value, str(self.alert_id)


@dataclass(frozen=True)
class Wanted:
    """Which alerts a list shows, in which order, after which place."""

    statuses: Sequence[AlertStatus]
    account: str | None = None
    rep: str | None = None
    assigned_to: str | None = None
    order: Order = Order.RISK
    after: Place | None = None
    limit: int = 100


def page(session: Session, wanted: Wanted) -> list[tuple[Alert, Place]]:
    """One page of alerts, each with its place. What comes, goes or moves between two pages shifts no other."""
    key = wanted.order.column
    found = whole().add_columns(key).outerjoin(Score, Score.account_id == Alert.account_id)
    found = found.where(or_(*(WHERE[status] for status in wanted.statuses)))
    if AlertStatus.RESOLVED not in wanted.statuses:
        found = found.where(LIVE)  # said again for the planner: live alerts are few and have an index of their own
    for attribute, value in (
        (Account.external_id, wanted.account),
        (Rep.email, wanted.rep),
        (Alert.assigned_to, wanted.assigned_to),
    ):
        if value is not None:
            found = found.where(attribute == value)
    if wanted.after is not None:
        last, last_id = wanted.after
        found = found.where(or_(key < last, and_(key == last, Alert.id > last_id)))
    rows = session.execute(found.order_by(key.desc(), Alert.id).limit(wanted.limit))
    return [(alert, Place(value, alert.id)) for alert, value in rows]
