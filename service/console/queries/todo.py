"""SQL of what people have to put right."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager

from models import Account, Alert, Mail, MailState, Metric, Score, Update
from service.console.queries.queue import NEWEST_UPDATE
from service.kit.database import Session

SHOWN = 50
STUCK = (MailState.PARKED, MailState.SUPPRESSED)


@dataclass(frozen=True)
class Unowned:
    """An account that nobody sells to, as far as we know."""

    account: Account
    risk: float | None


@dataclass(frozen=True)
class Late:
    """An alert whose promised update did not come."""

    alert: Alert
    promised: datetime


def without_rep(session: Session, *, first: str) -> list[Unowned]:
    """Accounts without a rep, riskiest first; the one that somebody came for leads."""
    wanted = select(Account, Score.risk).outerjoin(Score, Score.account_id == Account.id)
    wanted = wanted.where(Account.rep_id.is_(None))
    order = ((Account.external_id == first).desc(), Score.risk.desc().nulls_last(), Account.id)
    return [Unowned(*row) for row in session.execute(wanted.order_by(*order).limit(SHOWN))]


def without_rep_count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Account).where(Account.rep_id.is_(None))) or 0


def without_direction(session: Session) -> list[Metric]:
    """Metrics of which nobody said which way is better."""
    metrics = select(Metric).where(Metric.better.is_(None)).order_by(Metric.external_id)
    return list(session.scalars(metrics.limit(SHOWN)))


def stuck_mails(session: Session) -> list[Mail]:
    """Mails that do not go out by themselves any more."""
    mails = select(Mail).where(Mail.state.in_(STUCK)).order_by(Mail.created_at.desc())
    return list(session.scalars(mails.limit(SHOWN)))


def late_updates(session: Session, *, now: datetime) -> list[Late]:
    """Live alerts whose newest update promised another one by now."""
    late = select(Alert, Update.next_update_at).join(Alert.account).join(Update, NEWEST_UPDATE)
    late = late.where(Alert.resolved_at.is_(None), Update.next_update_at < now)
    late = late.options(contains_eager(Alert.account)).order_by(Update.next_update_at).limit(SHOWN)
    return [Late(alert, moment) for alert, moment in session.execute(late) if moment]
