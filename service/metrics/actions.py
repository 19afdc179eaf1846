"""Store observations, describe metrics."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from models import Better, Combine, IngestKey, Metric
from service.access.actions import record
from service.accounts import queries as accounts
from service.kit.database import Session
from service.metrics import queries
from service.metrics.rules import IdempotencyKeyReused
from service.metrics.schemas import MetricIn, MetricRow, ObservationIn

KEYS_KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Stored:
    """What storing brought to light."""

    new_accounts: list[str]
    new_metrics: list[str]


@dataclass(frozen=True)
class Batch:
    """Observations that came together."""

    sent: Sequence[ObservationIn]
    by: str
    now: datetime


def store_observations(session: Session, sent: Sequence[ObservationIn], *, by: str, now: datetime) -> Stored:
    """Store observations; a re-sent one overwrites, and of two alike in `sent` the last counts.

    Unknown accounts and metrics are made, so that nothing is lost. Only that goes to the audit log: observations
    come by the hundred a second and are their own record.
    """
    return store_batches(session, [Batch(sent, by, now)])[0]


def store_batches(session: Session, batches: Sequence[Batch]) -> list[Stored]:
    """Store several batches as if one after the other, in so few statements as one; tell of each what was new in it."""
    rows = [row for batch in batches for row in batch.sent]
    if not rows:
        return [Stored([], []) for _ in batches]
    now = max(batch.now for batch in batches)
    # Always metrics, then accounts, then rows: requests that touch the same things wait for each other in one order.
    metric_ids, new_metrics = queries.metric_ids_made(session, {row.metric for row in rows}, now=now)
    account_ids, new_accounts = accounts.account_ids_made(session, {row.account_id for row in rows}, now=now)
    accounts.touch(session, account_ids.values())
    values = {
        (account_ids[row.account_id], row.observed_at, metric_ids[row.metric], row.item_id): row.value for row in rows
    }
    queries.upsert_observations(session, sorted(values.items()))
    unnoted_accounts, unnoted_metrics = set(new_accounts), set(new_metrics)
    return [_note_found(session, batch, unnoted_accounts, unnoted_metrics) for batch in batches]


def _note_found(session: Session, batch: Batch, new_accounts: set[str], new_metrics: set[str]) -> Stored:
    """Note what is new as found by this batch, and take it out: to the next it is known."""
    found = Stored(
        new_accounts=sorted(new_accounts & {row.account_id for row in batch.sent}),
        new_metrics=sorted(new_metrics & {row.metric for row in batch.sent}),
    )
    for external_id in found.new_accounts:
        record(session, batch.by, "account.found", external_id, now=batch.now)
    for external_id in found.new_metrics:
        record(session, batch.by, "metric.found", external_id, now=batch.now)
    new_accounts.difference_update(found.new_accounts)
    new_metrics.difference_update(found.new_metrics)
    return found


def foresee_observations(session: Session, sent: Sequence[ObservationIn]) -> Stored:
    """Tell what storing them would bring to light, and store nothing."""
    return Stored(
        new_accounts=accounts.unknown_accounts(session, {row.account_id for row in sent}),
        new_metrics=queries.unknown_metrics(session, {row.metric for row in sent}),
    )


def put_metric(session: Session, external_id: str, sent: MetricIn, *, by: str, now: datetime) -> Metric:
    """Make the metric, or replace what is known of it. The same twice changes nothing and leaves no trace."""
    put_metrics(session, [MetricRow(metric=external_id, **sent.model_dump())], by=by, now=now)
    return queries.metric(session, external_id)


def put_metrics(session: Session, sent: Sequence[MetricRow], *, by: str, now: datetime) -> list[str]:
    """Make or replace many metrics; tell which are new."""
    wanted = {row.metric: row for row in sent}
    new = set(queries.add_missing_metrics(session, wanted, now=now))
    metrics = queries.lock_metrics(session, wanted)
    for external_id, row in sorted(wanted.items()):
        metric, facts = metrics[external_id], _facts(row)
        changed = [fact for fact, value in facts.items() if getattr(metric, fact) != value]
        for fact in changed:
            setattr(metric, fact, facts[fact])
        if changed or external_id in new:
            metric.updated_at = now
            record(session, by, "metric.put", external_id, now=now, new=external_id in new, changed=changed)
    session.flush()
    return sorted(new)


def _facts(row: MetricRow) -> dict[str, Any]:
    return {
        "label": row.label or row.metric,
        "unit": row.unit,
        "better": Better(row.better) if row.better else None,
        "target": row.target,
        "combine": Combine(row.combine),
        "exposure": row.exposure,
    }


def claim_key(session: Session, api_key_id: int, key: str, body_sha256: str, *, now: datetime) -> IngestKey:
    """Take an Idempotency-Key for this body. Its `answer` is empty the first time, and what was answered after that.

    Raises:
        IdempotencyKeyReused: it came before with another body.
    """
    queries.forget_ingest_keys(session, before=now - KEYS_KEPT)
    claimed = queries.claim_ingest_key(session, api_key_id, key, body_sha256, now=now)
    if claimed.body_sha256 != body_sha256:
        raise IdempotencyKeyReused("Take a new key for a new body.")
    return claimed
