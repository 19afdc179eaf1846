"""SQL of the weekly mails: whose week is due, and how the accounts stand. A fixed number of statements a reader."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from models import (
    STARTER,
    Account,
    Alert,
    Complaint,
    Mail,
    MailChoice,
    MailKind,
    MailState,
    Rep,
    Resolution,
    Score,
    ScoreDay,
    Telling,
    Update,
    UpdateKind,
)
from service.kit.database import Session
from service.kit.sql import batches

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Seen:
    """An account as it stands, with the risk of a week ago and of each day of the last eight weeks."""

    account: Account
    score: Score
    before: float | None
    days: tuple[tuple[date, float], ...]
    live: Alert | None
    ended: Resolution | None
    said: Update | None
    told_at: datetime | None


def readers(session: Session, *, now: datetime) -> list[Rep]:
    """The reps who have accounts, want weekly mails and are not away."""
    mine = exists().where(Account.rep_id == Rep.id)
    away = or_(MailChoice.digests_ended_at.is_not(None), MailChoice.paused_until > now)
    refused = exists().where(MailChoice.rep_id == Rep.id, away)
    return list(session.scalars(select(Rep).where(mine, ~refused).order_by(Rep.id)))


def last_digest(session: Session, rep_id: int) -> datetime | None:
    """When a rep's last weekly mail was composed that went out, or will."""
    mine = Mail.kind == MailKind.DIGEST, Mail.rep_id == rep_id, Mail.state != MailState.SUPPRESSED
    return session.scalar(select(func.max(Mail.created_at)).where(*mine))


def segments(session: Session, rep_id: int) -> set[str]:
    """The segments of a rep's accounts."""
    rows = select(Account.segment).where(Account.rep_id == rep_id, Account.segment.is_not(None))
    return set(filter(None, session.scalars(rows.distinct())))


def managed(session: Session) -> dict[str, list[Rep]]:
    """The reps who have accounts, by the address of their manager."""
    mine = exists().where(Account.rep_id == Rep.id)
    found: dict[str, list[Rep]] = defaultdict(list)
    for rep in session.scalars(select(Rep).where(mine, Rep.manager_email.is_not(None)).order_by(Rep.id)):
        found[str(rep.manager_email)].append(rep)
    return found


def standings(session: Session, rep_ids: Collection[int], *, now: datetime) -> dict[int, list[Seen]]:
    """How the scored accounts of these reps stand, by rep."""
    rows = select(Account, Score).join(Score, Score.account_id == Account.id).where(Account.rep_id.in_(rep_ids))
    pairs = session.execute(rows.order_by(Score.risk.desc(), Account.id)).all()
    ids = [account.id for account, _ in pairs]
    days, live, ended = _days(session, ids, now=now), _live(session, ids), _ended(session, ids, since=now - WEEK)
    said = _said(session, [alert.id for alert in live.values()])
    found: dict[int, list[Seen]] = defaultdict(list)
    for account, score in pairs:
        past = [(day, risk) for day, risk, starter in days[account.id] if starter == (score.model == STARTER)]
        week_ago = [risk for day, risk in past if day <= (now - WEEK).date()]
        alert = live.get(account.id)
        words, told_at = said.get(alert.id, (None, None)) if alert else (None, None)
        before = week_ago[-1] if week_ago else None
        found[account.rep_id or 0].append(
            Seen(account, score, before, tuple(past), alert, ended.get(account.id), words, told_at)
        )
    return found


def _days(session: Session, ids: Sequence[int], *, now: datetime) -> dict[int, list[tuple[date, float, bool]]]:
    found: dict[int, list[tuple[date, float, bool]]] = defaultdict(list)
    since = (now - 8 * WEEK).date()
    for batch in batches(ids):
        rows = select(ScoreDay.account_id, ScoreDay.day, ScoreDay.risk, ScoreDay.model)
        rows = rows.where(ScoreDay.account_id.in_(batch), ScoreDay.day >= since)
        for account_id, day, risk, model in session.execute(rows.order_by(ScoreDay.account_id, ScoreDay.day)):
            found[account_id].append((day, risk, model == STARTER))
    return found


def _live(session: Session, ids: Sequence[int]) -> dict[int, Alert]:
    found: dict[int, Alert] = {}
    for batch in batches(ids):
        rows = select(Alert).where(Alert.account_id.in_(batch), Alert.resolved_at.is_(None))
        found |= {alert.account_id: alert for alert in session.scalars(rows)}
    return found


def _ended(session: Session, ids: Sequence[int], *, since: datetime) -> dict[int, Resolution | None]:
    found: dict[int, Resolution | None] = {}
    for batch in batches(ids):
        rows = select(Alert).where(Alert.account_id.in_(batch), Alert.resolved_at >= since)
        found |= {alert.account_id: alert.resolution for alert in session.scalars(rows.order_by(Alert.resolved_at))}
    return found


def _said(session: Session, alert_ids: Sequence[Any]) -> dict[Any, tuple[Update | None, datetime | None]]:
    """The newest words of operations on each alert, and when its rep was last told anything of it."""
    found: dict[Any, tuple[Update | None, datetime | None]] = {}
    for batch in batches(alert_ids):
        rows = select(Update, Mail.sent_at).outerjoin(Telling, Telling.update_id == Update.id)
        rows = rows.outerjoin(Mail, Mail.id == Telling.mail_id).where(Update.alert_id.in_(batch))
        for update, sent_at in session.execute(rows.order_by(Update.written_at, Update.id)):
            words, told_at = found.get(update.alert_id, (None, None))
            newest = update if update.kind is UpdateKind.WRITTEN else words
            found[update.alert_id] = newest, max(filter(None, (told_at, sent_at)), default=None)
    return found


def complaints(session: Session, rep_ids: Collection[int], *, since: datetime) -> dict[int, tuple[int, int]]:
    """By rep, how many complaints came since then, and before how many of them the rep had been told."""
    mail, alert, telling, update = aliased(Mail), aliased(Alert), aliased(Telling), aliased(Update)
    told = (
        exists()
        .where(alert.account_id == Complaint.account_id, alert.opened_at <= Complaint.occurred_at)
        .where(or_(alert.resolved_at.is_(None), alert.resolved_at >= Complaint.occurred_at))
        .where(update.alert_id == alert.id, telling.update_id == update.id, mail.id == telling.mail_id)
        .where(mail.sent_at < Complaint.occurred_at)
    )
    rows = select(Account.rep_id, func.count(), func.count().filter(told)).select_from(Complaint)
    rows = rows.join(Account, Account.id == Complaint.account_id)
    rows = rows.where(Account.rep_id.in_(rep_ids), Complaint.occurred_at >= since).group_by(Account.rep_id)
    return {rep_id: (count, first) for rep_id, count, first in session.execute(rows) if rep_id}


def unacknowledged(session: Session, rep_ids: Collection[int], *, since: datetime) -> dict[int, int]:
    """By rep, how many heads-ups of that time wait for the button to be pressed; what tells an end does not count."""
    waiting = and_(
        Mail.kind == MailKind.HEADS_UP,
        Mail.state == MailState.SENT,
        Mail.acknowledged_at.is_(None),
        Mail.sent_at >= since,
        or_(Update.id.is_(None), Update.kind != UpdateKind.RESOLVED),
    )
    rows = select(Mail.rep_id, func.count()).outerjoin(Update, Update.id == Mail.update_id)
    rows = rows.where(waiting, Mail.rep_id.in_(rep_ids)).group_by(Mail.rep_id)
    return {rep_id: count for rep_id, count in session.execute(rows) if rep_id}
