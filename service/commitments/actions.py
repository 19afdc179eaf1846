"""Make promises, change and close them; look which of them are at risk."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from models import Account, Commitment, CommitmentState
from service.access.actions import record
from service.accounts import queries as accounts
from service.alerts.rules import WORKER
from service.commitments import queries, rules
from service.commitments.rules import Run
from service.commitments.schemas import CommitmentChange, CommitmentIn, CommitmentRow, Domino
from service.kit.database import Database, Session
from service.kit.hours import A_DAY, Hours
from service.kit.settings import Settings
from service.metrics.rules import MetricNotFound

log = structlog.get_logger()


def make_commitment(session: Session, account: Account, sent: CommitmentIn, *, by: str, now: datetime) -> Commitment:
    """Write down what a client was promised.

    Raises:
        CommitmentKnown: the company's own id is taken.
        MetricNotFound: there is no such metric.
        TargetMissing: neither the promise nor its metric has a target.
    """
    if sent.reference and queries.known(session, {sent.reference}):
        raise rules.CommitmentKnown("Change that one, or take another id.")
    return _add(session, account.id, sent, by=by, now=now)


def change_commitment(
    session: Session, commitment: Commitment, sent: CommitmentChange, *, by: str, now: datetime
) -> None:
    """Change what was promised; the worker then looks at it anew. The same again changes nothing.

    Raises:
        CommitmentClosed: it has ended.
        MetricNotFound, TargetMissing: as for a new one.
    """
    _refuse_closed(commitment)
    facts: dict[str, Any] = {name: getattr(sent, name) for name in ("promise", "due") if getattr(sent, name)}
    if sent.dominoes is not None:
        facts["dominoes"] = _fallen(sent.dominoes)
    if "metric" in sent.model_fields_set:
        facts |= _bound(session, sent.metric, sent.target)
    elif sent.target is not None:
        if commitment.metric_id is None:
            raise rules.TargetMissing("Name the metric, too.")
        facts["target"] = sent.target
    _change(session, commitment, facts, by=by, now=now)


def close_commitment(
    session: Session, commitment: Commitment, state: CommitmentState, *, by: str, now: datetime
) -> None:
    """Say how a promise ended. Saying it twice changes nothing.

    Raises:
        CommitmentClosed: it ended in another way.
    """
    if commitment.state is state:
        return
    _refuse_closed(commitment)
    commitment.state, commitment.closed_at, commitment.closed_by = state, now, by
    record(session, by, "commitment.close", str(commitment.id), now=now, state=state.value)
    session.flush()
    log.info("commitment_closed", commitment_id=str(commitment.id), state=state)


def reopen_commitment(session: Session, commitment: Commitment, *, by: str, now: datetime) -> None:
    """Take back how a promise ended. The worker looks at it anew; what the rep was told of its risk stays told."""
    if commitment.state is CommitmentState.OPEN:
        return
    before = commitment.state
    commitment.state, commitment.closed_at, commitment.closed_by, commitment.looked_at = (
        CommitmentState.OPEN,
        *(None,) * 3,
    )
    record(session, by, "commitment.reopen", str(commitment.id), now=now, state=before.value)
    session.flush()
    log.info("commitment_reopened", commitment_id=str(commitment.id))


def put_commitments(session: Session, sent: Sequence[CommitmentRow], *, by: str, now: datetime) -> list[str]:
    """Write down many promises; an id that is known is corrected, unless it has ended. Tells which accounts are new.

    Raises:
        MetricNotFound: there is no such metric.
        TargetMissing: neither a promise nor its metric has a target.
    """
    wanted = {row.reference: row for row in sent}
    names = {row.account_id for row in wanted.values()}
    keys, new_accounts = accounts.account_ids_made(session, names, now=now)
    known = queries.known(session, wanted)
    for external_id, row in sorted(wanted.items()):
        if external_id not in known:
            _add(session, keys[row.account_id], row, by=by, now=now)
        elif known[external_id].state is CommitmentState.OPEN:
            facts = {"account_id": keys[row.account_id], **_facts(session, row)}
            _change(session, known[external_id], facts, by=by, now=now)
    for external_id in new_accounts:
        record(session, by, "account.found", external_id, now=now)
    return new_accounts


def review(db: Database, settings: Settings, *, now: datetime) -> int:
    """Look which promises are at risk, every quarter of an hour at each; return for how many that changed."""
    latest = now.date() + timedelta(days=settings.horizon_days) + A_DAY
    with db.read() as session:
        if not queries.is_waiting(session, latest=latest, now=now):
            return 0
    with db.begin() as session:
        taken = queries.take(session, latest=latest, now=now)
        live = queries.live_accounts(session, {each.account_id for each in taken})
        values = queries.daily(session, [(each.account_id, each.metric) for each in taken if each.metric], now=now)
        return sum(
            _look(
                session,
                each,
                _run(each, values.get((each.account_id, each.metric_id or 0), [])),
                settings,
                live=each.account_id in live,
                now=now,
            )
            for each in taken
        )


def _run(commitment: Commitment, values: Sequence[float]) -> Run | None:
    if commitment.metric is None or commitment.target is None:
        return None
    return rules.run_of(values, commitment.metric.better, commitment.target)


def _look(
    session: Session, commitment: Commitment, run: Run | None, settings: Settings, *, live: bool, now: datetime
) -> bool:
    """Note whether a promise is at risk. What comes back within the cool-down is the same episode, told once."""
    hours = Hours(commitment.account.time_zone, settings.work_days, free=settings.holidays)
    horizon = timedelta(days=settings.horizon_days)
    danger = rules.danger(commitment, run, live=live, horizon=horizon, hours=hours, now=now)
    commitment.looked_at, before = now, commitment.at_risk
    commitment.off_days, commitment.days, commitment.measured = (run.off, run.days, run.last) if run else (None,) * 3
    if danger is None:
        if before:
            commitment.calm_since = now
            record(session, WORKER, "commitment.calm", str(commitment.id), now=now)
        return before
    commitment.danger = danger
    if before:
        return False
    cool_down = timedelta(hours=settings.alert_cool_down_hours)
    if commitment.calm_since is None or now >= commitment.calm_since + cool_down:
        commitment.at_risk_since, commitment.mail_id = now, None
        commitment.tries, commitment.retry_at = 0, None
    commitment.calm_since = None
    record(session, WORKER, "commitment.at_risk", str(commitment.id), now=now, danger=danger.value)
    log.info("commitment_at_risk", commitment_id=str(commitment.id), danger=danger)
    return True


def _add(session: Session, account_id: int, sent: CommitmentIn, *, by: str, now: datetime) -> Commitment:
    row = Commitment(
        external_id=sent.reference, account_id=account_id, made_by=by, created_at=now, **_facts(session, sent)
    )
    session.add(row)
    session.flush()
    record(session, by, "commitment.make", str(row.id), now=now)
    return row


def _facts(session: Session, sent: CommitmentIn) -> dict[str, Any]:
    said = {"promise": sent.promise, "due": sent.due, "dominoes": _fallen(sent.dominoes)}
    return said | _bound(session, sent.metric, sent.target)


def _fallen(dominoes: Sequence[Domino]) -> list[dict[str, str | None]]:
    return [{"what": each.what, "on": each.on.isoformat() if each.on else None} for each in dominoes]


def _bound(session: Session, metric: str | None, target: float | None) -> dict[str, Any]:
    """The metric that a promise is held against, and the target: its own, or else the metric's."""
    if metric is None:
        if target is not None:
            raise rules.TargetMissing("Name the metric, too.")
        return {"metric_id": None, "target": None}
    key, own = queries.targets(session, {metric}).get(metric, (None, None))
    if key is None:
        raise MetricNotFound("Metrics come in with observations, or by PUT /v1/metrics/{metric}.")
    if target is None and own is None:
        raise rules.TargetMissing("Give the promise a target: its metric has none.")
    return {"metric_id": key, "target": own if target is None else target}


def _change(session: Session, commitment: Commitment, facts: dict[str, Any], *, by: str, now: datetime) -> None:
    changed = [name for name, value in facts.items() if getattr(commitment, name) != value]
    for name in changed:
        setattr(commitment, name, facts[name])
    if changed:
        commitment.looked_at = None
        record(session, by, "commitment.change", str(commitment.id), now=now, changed=changed)
    session.flush()


def _refuse_closed(commitment: Commitment) -> None:
    if commitment.state is not CommitmentState.OPEN:
        raise rules.CommitmentClosed(f"It was {commitment.state}. Open it again first, if it was closed by mistake.")
