"""SQL of holds: when mail does not go out."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, case, func, select, update

from models import Hold, HoldKind, Score, ScoreDay
from service.kit.database import Session

NOBODY = "headsup"


def open_holds(session: Session) -> list[Hold]:
    """Holds that nobody has ended, also those whose time is over."""
    return list(session.scalars(select(Hold).where(Hold.released_at.is_(None)).order_by(Hold.kind)))


def newest(session: Session, kind: HoldKind) -> Hold | None:
    """The last hold of a kind, ended or not."""
    return session.scalar(select(Hold).where(Hold.kind == kind).order_by(Hold.held_at.desc()).limit(1))


def end(session: Session, kind: HoldKind, *, by: str, now: datetime) -> UUID | None:
    """End the open hold of a kind and return its id."""
    mine = update(Hold).where(Hold.kind == kind, Hold.released_at.is_(None)).values(released_at=now, released_by=by)
    return session.scalar(mine.returning(Hold.id).execution_options(synchronize_session=False))


def end_past(session: Session, *, now: datetime) -> None:
    """Close the holds whose time is over."""
    past = update(Hold).where(Hold.released_at.is_(None), Hold.until <= now)
    session.execute(
        past.values(released_at=Hold.until, released_by=NOBODY).execution_options(synchronize_session=False)
    )


def crossings(session: Session, lines: Mapping[str, float], *, now: datetime) -> tuple[int, int]:
    """How many accounts were scored in the last day, and how many of them are over their model's line since yesterday.

    Who was under another model's line yesterday has not crossed anything.
    """
    line = case(*((Score.model == model, line) for model, line in lines.items()), else_=2.0)
    yesterday = and_(ScoreDay.account_id == Score.account_id, ScoreDay.day == (now - timedelta(days=1)).date())
    crossed = and_(Score.risk >= line, ScoreDay.risk < line, ScoreDay.model == Score.model)
    rows = select(func.count(), func.count().filter(crossed)).select_from(Score).outerjoin(ScoreDay, yesterday)
    accounts, over = session.execute(rows.where(Score.scored_at > now - timedelta(days=1))).one()
    return accounts, over
