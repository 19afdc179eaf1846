"""SQL of metrics, observations and idempotency keys."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, select, text

from models import IngestKey, Metric
from service.kit.database import Session
from service.kit.sql import batches, insert_missing, is_sqlite
from service.metrics.rules import MetricNotFound

# One statement for all rows: 10,000 rows take PostgreSQL about a tenth of the time that one row at a time takes.
UPSERT_POSTGRESQL = text(
    "INSERT INTO observations (account_id, observed_at, metric_id, item_id, value)"
    " SELECT * FROM unnest(CAST(:accounts AS int[]), CAST(:moments AS timestamptz[]), CAST(:metrics AS int[]),"
    " CAST(:items AS varchar[]), CAST(:values AS float8[]))"
    " ON CONFLICT (account_id, observed_at, metric_id, item_id) DO UPDATE SET value = excluded.value"
)
UPSERT_SQLITE = (
    "INSERT INTO observations (account_id, observed_at, metric_id, item_id, value) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (account_id, observed_at, metric_id, item_id) DO UPDATE SET value = excluded.value"
)
# "2026-03-02 12:00:00.000000": how SQLAlchemy writes a moment on SQLite.
SQLITE_MOMENT_LENGTH = 26

# account, moment, metric, item: what makes an observation one.
Key = tuple[int, datetime, int, str]


def metric(session: Session, external_id: str) -> Metric:
    """The metric of that key.

    Raises:
        MetricNotFound: there is none.
    """
    found = session.scalar(select(Metric).where(Metric.external_id == external_id))
    if found is None:
        raise MetricNotFound("Metrics come in with observations, or by PUT /v1/metrics/{metric}.")
    return found


def metrics(session: Session) -> list[Metric]:
    return list(session.scalars(select(Metric).order_by(Metric.external_id)))


def metric_ids(session: Session, external_ids: Collection[str]) -> dict[str, int]:
    """The keys of those metrics that exist."""
    found: dict[str, int] = {}
    for batch in batches(external_ids):
        pairs = select(Metric.external_id, Metric.id).where(Metric.external_id.in_(batch))
        found.update(session.execute(pairs).all())
    return found


def unknown_metrics(session: Session, external_ids: Collection[str]) -> list[str]:
    """Those of the keys that no metric has."""
    return sorted(set(external_ids) - metric_ids(session, external_ids).keys())


def metric_ids_made(
    session: Session, external_ids: Collection[str], *, now: datetime
) -> tuple[dict[str, int], list[str]]:
    """The keys of all these metrics, and which of them had to be made."""
    found = metric_ids(session, external_ids)
    if found.keys() == set(external_ids):
        return found, []
    new = add_missing_metrics(session, external_ids, now=now)
    return metric_ids(session, external_ids), new


def add_missing_metrics(session: Session, external_ids: Collection[str], *, now: datetime) -> list[str]:
    """Make the metrics that do not exist yet, of unknown direction; tell which."""
    missing = unknown_metrics(session, external_ids)
    stamps = {"created_at": now, "updated_at": now}
    insert_missing(session, Metric, [{"external_id": each, "label": each, **stamps} for each in missing])
    return missing


def lock_metrics(session: Session, external_ids: Collection[str]) -> dict[str, Metric]:
    """Those metrics, for change."""
    rows = select(Metric).where(Metric.external_id.in_(external_ids)).order_by(Metric.external_id)
    fresh = rows.with_for_update().execution_options(populate_existing=True)
    return {each.external_id: each for each in session.scalars(fresh)}


def upsert_observations(session: Session, rows: Sequence[tuple[Key, float]]) -> None:
    """Write observations, each key once; one that is there already gets the new value."""
    if is_sqlite(session):
        values = [
            (account, moment.isoformat(" ", "microseconds")[:SQLITE_MOMENT_LENGTH], metric, item, value)
            for (account, moment, metric, item), value in rows
        ]
        session.connection().exec_driver_sql(UPSERT_SQLITE, values)
        return
    accounts, moments, metrics, items = (list(column) for column in zip(*(key for key, _ in rows), strict=True))
    parameters = {"accounts": accounts, "moments": moments, "metrics": metrics, "items": items}
    session.execute(UPSERT_POSTGRESQL, {**parameters, "values": [value for _, value in rows]})


def claim_ingest_key(session: Session, api_key_id: int, key: str, body_sha256: str, *, now: datetime) -> IngestKey:
    """Take the key, or find it taken. Who comes second waits here until the first has committed or given up."""
    row = {"api_key_id": api_key_id, "key": key, "body_sha256": body_sha256, "answer": {}, "created_at": now}
    insert_missing(session, IngestKey, [row])
    taken = select(IngestKey).where(IngestKey.api_key_id == api_key_id, IngestKey.key == key)
    return session.scalars(taken.execution_options(populate_existing=True)).one()


def forget_ingest_keys(session: Session, *, before: datetime) -> None:
    session.execute(delete(IngestKey).where(IngestKey.created_at < before))
