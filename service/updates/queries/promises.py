"""SQL of promises at risk: which of them reps have still to be told of."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import contains_eager, joinedload

from models import Account, Alert, Commitment, Mail, MailState, Update, UpdateKind
from service.commitments.queries import AT_RISK
from service.kit.database import Session

PER_ROUND = 500


def _untold() -> ColumnElement[bool]:
    """Whether the rep does not know of the present episode: no mail tells it, or one that was kept back."""
    return AT_RISK & ~exists().where(Mail.id == Commitment.mail_id, Mail.state != MailState.SUPPRESSED)


def _to_compose(now: datetime) -> ColumnElement[bool]:
    return and_(_untold(), or_(Commitment.retry_at.is_(None), Commitment.retry_at <= now))


def owing(session: Session, *, now: datetime) -> list[int]:
    """The reps to whom such news is owed: who has waited longest first, but after all whose news made less trouble."""
    rows = select(Account.rep_id).select_from(Commitment).join(Commitment.account)
    rows = rows.where(_to_compose(now), Account.rep_id.is_not(None)).group_by(Account.rep_id)
    ordered = rows.order_by(func.max(Commitment.tries), func.min(Commitment.at_risk_since)).limit(PER_ROUND)
    return [rep_id for rep_id in session.scalars(ordered) if rep_id]


def untold(session: Session, rep_id: int, *, now: datetime) -> list[Commitment]:
    """The promises at risk to tell a rep of that need not wait for their next try, with account, rep and metric."""
    rows = select(Commitment).join(Commitment.account).where(Account.rep_id == rep_id, _to_compose(now))
    account = contains_eager(Commitment.account)
    rows = rows.options(account.joinedload(Account.rep), joinedload(Commitment.metric))
    return list(session.scalars(rows.order_by(Commitment.due, Commitment.id)))


def count_try(session: Session, commitments: Collection[Commitment]) -> None:
    """Note that a mail about these promises is begun to be composed."""
    mine = update(Commitment).where(Commitment.id.in_([each.id for each in commitments]))
    session.execute(mine.values(tries=Commitment.tries + 1).execution_options(synchronize_session=False))


def told_at(session: Session, rep_id: int, account_ids: Collection[int]) -> dict[int, datetime]:
    """When the rep was last mailed about a promise to each of the accounts, by a mail that went out or will."""
    rows = select(Commitment.account_id, func.max(Mail.created_at)).join(Mail, Mail.id == Commitment.mail_id)
    rows = rows.where(Commitment.account_id.in_(account_ids), Mail.rep_id == rep_id)
    rows = rows.where(Mail.state != MailState.SUPPRESSED).group_by(Commitment.account_id)
    return {account_id: at for account_id, at in session.execute(rows) if at}


def words(session: Session, account_id: int) -> tuple[Alert | None, Update | None]:
    """The live alert of an account, and what operations last wrote about it."""
    written = and_(Update.alert_id == Alert.id, Update.kind == UpdateKind.WRITTEN)
    rows = select(Alert, Update).outerjoin(Update, written)
    rows = rows.where(Alert.account_id == account_id, Alert.resolved_at.is_(None))
    found = session.execute(rows.order_by(Update.written_at.desc()).limit(1)).first()
    return (found[0], found[1]) if found else (None, None)


def told_in(session: Session, mail_id: UUID) -> list[Commitment]:
    """The promises that a mail tells of, with their accounts as they are now."""
    rows = select(Commitment).join(Commitment.account).options(contains_eager(Commitment.account))
    rows = rows.where(Commitment.mail_id == mail_id).execution_options(populate_existing=True)
    return list(session.scalars(rows))
