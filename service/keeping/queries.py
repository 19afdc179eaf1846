"""SQL of what is kept: each call removes one batch, in an order that an index gives (replies are few)."""

from datetime import date, datetime

from sqlalchemy import delete, func, or_, select, tuple_, update

from models import Account, InboundKind, InboundMail, Keeping, Mail, MailState, Observation, Reply, ScoreDay
from service.kit.database import Session
from service.kit.sql import insert_missing
from service.replies.queries import UNANSWERED

# Small enough that nobody who writes beside it waits for long.
ROWS, ACCOUNTS, MAILS = 2_000, 500, 100
ENDED = (MailState.SENT, MailState.SUPPRESSED)


def keepings(session: Session) -> dict[str, Keeping]:
    """How far each kind has been cleared."""
    return {row.what: row for row in session.scalars(select(Keeping))}


def claim(session: Session, what: str, *, day: date) -> bool:
    """Begin or go on with the round of a day; False if it has ended."""
    insert_missing(session, Keeping, [{"what": what, "day": date.min, "done": True, "removed": 0}])
    row = session.get_one(Keeping, what, with_for_update=True, populate_existing=True)
    if row.day < day:
        row.day, row.done = day, False
    return not row.done


def note(session: Session, what: str, *, removed: int, since: date, done: bool) -> None:
    row = session.get_one(Keeping, what, with_for_update=True, populate_existing=True)
    row.removed += removed
    row.done = done
    if done:
        row.since = since


def forget_observations(session: Session, *, before: datetime) -> int:
    """Remove a batch of the oldest observations; return how many."""
    key = (Observation.account_id, Observation.observed_at, Observation.metric_id, Observation.item_id)
    oldest = select(*key).where(Observation.observed_at < before).order_by(Observation.observed_at).limit(ROWS)
    rows = session.execute(oldest).all()
    if rows:
        session.execute(delete(Observation).where(tuple_(*key).in_([tuple(row) for row in rows])))
    return len(rows)


def forget_score_days(session: Session, *, before: date, after_account: int) -> tuple[int, int | None]:
    """Remove the old daily risks of a batch of accounts; return how many, and the last account or None at the end."""
    some = select(Account.id).where(Account.id > after_account).order_by(Account.id).limit(ACCOUNTS)
    last = session.scalar(select(func.max(some.subquery().c.id)))
    if last is None:
        return 0, None
    those = ScoreDay.account_id.between(after_account + 1, last)
    return len(
        session.scalars(delete(ScoreDay).where(those, ScoreDay.day < before).returning(ScoreDay.day)).all()
    ), last


def forget_contents(session: Session, *, before: datetime) -> int:
    """Empty a batch of old mails that have found their end; who was told what and when stays. Return how many."""
    old = select(Mail.id).where(Mail.created_at < before, Mail.state.in_(ENDED), func.length(Mail.content) > 0)
    ids = list(session.scalars(old.order_by(Mail.created_at).limit(MAILS)))
    if ids:
        session.execute(update(Mail).where(Mail.id.in_(ids)).values(content=b""))
    return len(ids)


def forget_replies(session: Session, *, before: datetime) -> int:
    """Empty a batch of old replies that nobody has to answer; that somebody answered, when and to what stays."""
    old = select(Reply.id).where(Reply.received_at < before, ~UNANSWERED, Reply.body != "")
    ids = list(session.scalars(old.order_by(Reply.received_at).limit(MAILS)))
    if ids:
        session.execute(update(Reply).where(Reply.id.in_(ids)).values(body="", subject="", attachments=[], answer=None))
    return len(ids)


def forget_inbound(session: Session, *, before: datetime) -> int:
    """Remove a batch of the oldest notes of what came in by mail, but for those that somebody has still to look at."""
    done = or_(InboundMail.kind != InboundKind.UNREADABLE, InboundMail.closed_at.is_not(None))
    oldest = select(InboundMail.id).where(InboundMail.received_at < before, done).order_by(InboundMail.received_at)
    ids = list(session.scalars(oldest.limit(ROWS)))
    if ids:
        session.execute(delete(InboundMail).where(InboundMail.id.in_(ids)))
    return len(ids)


def oldest(session: Session) -> dict[str, date | None]:
    """The day of the oldest row of each kind."""
    observation = session.scalar(select(func.min(Observation.observed_at)))
    content = session.scalar(select(func.min(Mail.created_at)).where(func.length(Mail.content) > 0))
    reply = session.scalar(select(func.min(Reply.received_at)).where(Reply.body != ""))
    return {
        "observations": observation and observation.date(),
        "scores": session.scalar(select(func.min(ScoreDay.day))),
        "mails": content and content.date(),
        "replies": reply and reply.date(),
    }
