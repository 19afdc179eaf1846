"""SQL of the silent hold-out."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute

from models import Complaint, HoldoutDraw, Score
from service.alerts.holdout import Arm
from service.kit.database import Session

_LIVE = and_(HoldoutDraw.held, HoldoutDraw.ended_at.is_(None))


def live(session: Session) -> list[tuple[HoldoutDraw, float | None, str | None, bool]]:
    """The draws that keep an account without an alert now, its present risk and model, and whether it complained."""
    complained = exists().where(
        Complaint.account_id == HoldoutDraw.account_id, Complaint.occurred_at > HoldoutDraw.drawn_at
    )
    rows = select(HoldoutDraw, Score.risk, Score.model, complained).outerjoin(
        Score, Score.account_id == HoldoutDraw.account_id
    )
    found = session.execute(rows.where(_LIVE).order_by(HoldoutDraw.id))
    return [(draw, risk, model, bool(came)) for draw, risk, model, came in found]


def is_held(account_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Whether an account is left without an alert now."""
    return exists().where(HoldoutDraw.account_id == account_id, _LIVE)


def left_out_of_draws(session: Session, *, week: str, held_since: datetime, complained_since: datetime) -> set[int]:
    """Accounts that take part in no draw now: they had one this week, were held lately, or complained lately."""
    drawn = select(HoldoutDraw.account_id).where(
        (HoldoutDraw.week == week) | and_(HoldoutDraw.held, HoldoutDraw.drawn_at > held_since)
    )
    complained = select(Complaint.account_id).where(Complaint.occurred_at > complained_since)
    return {*session.scalars(drawn), *session.scalars(complained)}


def insert_draw(session: Session, draw: HoldoutDraw) -> bool:
    """Write a draw; False if the account has had one this week, or is held already, whoever wrote it."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    names = [column.key for column in HoldoutDraw.__table__.columns if column.key != "id"]
    row = dialect.insert(HoldoutDraw).values({name: getattr(draw, name) for name in names})
    return session.scalar(row.on_conflict_do_nothing().returning(HoldoutDraw.id)) is not None


def arm(session: Session, *, held: bool, now: datetime) -> Arm:
    """The accounts of one kind whose horizon is over; each is judged by its lot, however it went on."""
    complained = exists().where(
        Complaint.account_id == HoldoutDraw.account_id,
        Complaint.occurred_at > HoldoutDraw.drawn_at,
        Complaint.occurred_at <= HoldoutDraw.until,
    )
    over = select(func.count()).select_from(HoldoutDraw).where(HoldoutDraw.held.is_(held), HoldoutDraw.until <= now)
    return Arm(session.scalar(over) or 0, session.scalar(over.where(complained)) or 0)


def count_live(session: Session) -> int:
    """How many accounts are left without an alert now."""
    return session.scalar(select(func.count()).select_from(HoldoutDraw).where(_LIVE)) or 0


def of_account(session: Session, account_id: int, *, now: datetime) -> list[HoldoutDraw]:
    """When the account was held out, as soon as its horizon is over; newest first."""
    mine = select(HoldoutDraw).where(HoldoutDraw.account_id == account_id, HoldoutDraw.held, HoldoutDraw.until <= now)
    return list(session.scalars(mine.order_by(HoldoutDraw.drawn_at.desc())))
