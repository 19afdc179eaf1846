"""SQL of alerts and their history."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased, contains_eager
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from models import Account, Alert, AlertEvent, AlertStatus, Complaint, Score
from models.alert import LIVE
from service.alerts.queries import held
from service.alerts.rules import AlertNotFound, ChangedMeanwhile, LastAlert, Lines, carried
from service.kit.database import Session
from service.risk.queries import priority
from service.scoring.rules import QUIET_DAYS

REVIEW_LOCK = 4_711_002
QUIET = timedelta(days=QUIET_DAYS)

_ASLEEP = or_(Alert.snoozed_until.is_not(None), Alert.snooze_risk.is_not(None))
_LIVE = Alert.resolved_at.is_(None)
# The same as `Alert.status`, in SQL.
WHERE: dict[AlertStatus, ColumnElement[bool]] = {
    AlertStatus.OPEN: and_(_LIVE, ~_ASLEEP, Alert.acknowledged_at.is_(None)),
    AlertStatus.ACKNOWLEDGED: and_(_LIVE, ~_ASLEEP, Alert.acknowledged_at.is_not(None)),
    AlertStatus.SNOOZED: and_(_LIVE, _ASLEEP),
    AlertStatus.RESOLVED: Alert.resolved_at.is_not(None),
}
LIVE_STATUSES = (AlertStatus.OPEN, AlertStatus.ACKNOWLEDGED, AlertStatus.SNOOZED)


def whole() -> Select[Alert]:
    """Alerts with their account and its rep."""
    joined = select(Alert).join(Alert.account).outerjoin(Account.rep)
    return joined.options(contains_eager(Alert.account).contains_eager(Account.rep))


def alert(session: Session, alert_id: UUID) -> Alert:
    """One alert, with its account and rep.

    Raises:
        AlertNotFound: there is none with this id.
    """
    found = session.scalar(whole().where(Alert.id == alert_id))
    if found is None:
        raise AlertNotFound("Look at `GET /v1/alerts` for those that there are.")
    return found


def alerts_of_account(session: Session, account_id: int, *, limit: int = 50) -> list[Alert]:
    """The account's alerts, newest first."""
    mine = whole().where(Alert.account_id == account_id)
    return list(session.scalars(mine.order_by(Alert.opened_at.desc(), Alert.id).limit(limit)))


def events(session: Session, alert_id: UUID) -> list[AlertEvent]:
    """All that happened to an alert, in order."""
    return list(session.scalars(select(AlertEvent).where(AlertEvent.alert_id == alert_id).order_by(AlertEvent.id)))


def save(session: Session) -> None:
    """Write the changes now, so that a lost race shows here.

    Raises:
        ChangedMeanwhile: another transaction changed the alert after it was read here.
    """
    try:
        session.flush()
    except StaleDataError as error:
        raise ChangedMeanwhile("Look at it again, then decide.") from error


def take_turn(session: Session) -> bool:
    """Let one review run at a time, so that the budget holds; False while another worker is at it."""
    if session.get_bind().dialect.name == "sqlite":
        return True  # a SQLite writer is alone already
    return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": REVIEW_LOCK}))


def followed(session: Session) -> list[tuple[Alert, float | None, str | None]]:
    """Live alerts with their account's present risk and its model.

    The rows are held until the transaction ends. Those that somebody is changing right now are left out, they will
    be seen in the next round.
    """
    rows = select(Alert, Score.risk, Score.model).outerjoin(Score, Score.account_id == Alert.account_id).where(_LIVE)
    held = session.execute(rows.order_by(Alert.id).with_for_update(of=Alert, skip_locked=True))
    return [(alert, risk, model) for alert, risk, model in held]


@dataclass(frozen=True)
class Followed:
    """What of an alert follows the scores."""

    risk: float
    risk_model: str | None
    below_since: datetime | None
    risk_acknowledged: float | None
    snooze_risk: float | None

    @classmethod
    def of(cls, alert: Alert) -> "Followed":
        return cls(**{each.name: getattr(alert, each.name) for each in fields(cls)})


def follow(session: Session, changes: Sequence[tuple[Alert, Followed]]) -> None:
    """Write what follows the scores without a new version: it is no move, and must not fail a person's move."""
    if not changes:
        return
    names = [each.name for each in fields(Followed)]
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    rows = [
        {"key": alert.id} | {f"new_{name}": value for name, value in asdict(found).items()} for alert, found in changes
    ]
    session.connection().execute(update(Alert).where(Alert.id == bindparam("key")).values(values), rows)
    for alert, found in changes:
        for name, value in asdict(found).items():
            set_committed_value(alert, name, value)


@dataclass(frozen=True)
class Candidate:
    """An account over the line without a live alert, and how its last alert ended."""

    account_id: int
    risk: float
    model: str
    last: LastAlert | None
    value: float | None = None


def candidates(session: Session, lines: Lines, *, now: datetime) -> list[Candidate]:
    """Accounts over the line of the model that scored them, without a live alert and not held out, by priority.

    A quiet account has a lower line. The priority is the value at stake: the chance of more complaints than usual,
    times the account's value. An account of unknown value counts as an average one.
    """
    other = aliased(Alert)
    newest = select(other.id).where(other.account_id == Score.account_id)
    newest = newest.order_by(other.opened_at.desc(), other.id).limit(1)
    complained = select(Complaint.id).where(
        Complaint.account_id == Score.account_id, Complaint.occurred_at.between(now - QUIET, now)
    )
    quiet = ~complained.correlate(Score).exists()
    over = or_(
        *(and_(Score.model == model, Score.risk >= line) for model, line in lines.of_all.items()),
        *(and_(Score.model == model, Score.risk >= line, quiet) for model, line in lines.of_quiet.items()),
    )
    live = select(other.id).where(other.account_id == Score.account_id, other.resolved_at.is_(None))
    rows = (
        select(Score.account_id, Score.risk, Score.model, Account.value, Alert)
        .join(Account, Account.id == Score.account_id)
        .outerjoin(Alert, Alert.id == newest.correlate(Score).scalar_subquery())
        .where(over, ~live.correlate(Score).exists(), ~held.is_held(Score.account_id))
        .order_by(priority().desc(), Score.risk.desc(), Score.account_id)
    )
    return [
        Candidate(account_id, risk, model, _last(alert, lines.of_all, lines.of_all[model]), value)
        for account_id, risk, model, value, alert in session.execute(rows)
    ]


def _last(alert: Alert | None, lines: Mapping[str, float], line: float) -> LastAlert | None:
    """How the account's last alert ended, its risk told on the scale of the model that speaks now."""
    if alert is None or alert.resolved_at is None or alert.resolution is None:
        return None
    then = lines.get(alert.risk_model or alert.model, line)
    return LastAlert(alert.resolved_at, alert.resolution, carried(alert.risk, then, line))


def opened_after(session: Session, moment: datetime) -> int:
    """How many alerts opened after a moment."""
    return session.scalar(select(func.count()).where(Alert.opened_at > moment)) or 0


def insert_alert(session: Session, candidate: Candidate, line: float, *, now: datetime) -> Alert | None:
    """Open an alert; None if the account has got a live one meanwhile, whoever opened it."""
    score, owner = session.execute(
        select(Score, Account.owner_email)
        .join(Account, Account.id == Score.account_id)
        .where(Score.account_id == candidate.account_id)
    ).one()
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    row = dialect.insert(Alert).values(
        account_id=candidate.account_id,
        opened_at=now,
        asked_at=now,
        risk_opened=candidate.risk,
        risk=candidate.risk,
        line=line,
        model=candidate.model,
        reasons=score.reasons,
        assigned_to=owner,
    )
    unless_live = row.on_conflict_do_nothing(index_elements=[Alert.account_id], index_where=LIVE)
    opened: Alert | None = session.scalar(unless_live.returning(Alert))
    return opened


def unanswered(session: Session, *, asked_before: datetime) -> list[Alert]:
    """Open alerts that asked before a moment and have not been escalated since, with account and rep."""
    late = whole().where(WHERE[AlertStatus.OPEN], Alert.asked_at <= asked_before, Alert.escalated_at.is_(None))
    return list(session.scalars(late.order_by(Alert.asked_at, Alert.id).with_for_update(of=Alert, skip_locked=True)))
