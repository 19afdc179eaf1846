"""HTTP of metrics and observations."""

import hashlib
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response

from service.access.guards import Ingester, Reader
from service.kit.bodies import Body, documented, rows_of
from service.kit.fields import MetricId
from service.kit.http import Config, Db, Now, problems
from service.kit.retry import transact, transact_merged
from service.kit.rows import check_rows
from service.metrics import actions, ingest, queries, rules
from service.metrics.schemas import (
    OBSERVATION_COLUMNS,
    MetricIn,
    MetricList,
    MetricOut,
    ObservationIn,
    ObservationsStored,
)

router = APIRouter(prefix="/v1", tags=["metrics"])
EXAMPLE = {
    "account_id": "northwind",
    "metric": "late_share",
    "observed_at": "2026-03-02T12:00:00Z",
    "value": 0.19,
    "item_id": "order-4711",
}
DOCUMENTED: dict[str, Any] = documented("observations", ObservationIn, EXAMPLE)
IdempotencyKey = Annotated[
    str | None,
    Header(pattern="^[!-~]{1,255}$", description="The same key with the same body is answered again, not done again."),
]
REPLAYED = {"Idempotency-Replayed": {"description": "true: nothing was done again.", "schema": {"type": "string"}}}
ANSWERS: dict[int | str, dict[str, Any]] = {**problems(400, 413, 415), 200: {"headers": REPLAYED}}


@router.post("/observations", responses=ANSWERS, openapi_extra=DOCUMENTED)
def store_observations(
    caller: Ingester,
    body: Body,
    response: Response,
    *,
    db: Db,
    settings: Config,
    now: Now,
    dry_run: bool = False,
    idempotency_key: IdempotencyKey = None,
) -> ObservationsStored:
    """Store observations.

    Good rows are stored, bad rows come back with index, field and reason. The key of an observation is account,
    metric, time and item: sent again it overwrites and never counts twice. The answer comes after the commit.
    `?dry_run=true` answers the same and stores nothing.
    """
    rows = rows_of(body, "observations", OBSERVATION_COLUMNS, max_rows=settings.max_rows)
    checked = check_rows(ObservationIn, rows, partial(rules.ahead_of_time, latest=now + rules.AHEAD))
    if dry_run:
        with db.read() as session:
            return ingest.answer(checked, actions.foresee_observations(session, checked.good))

    claim = None
    if idempotency_key is not None:
        fingerprint = hashlib.sha256(body[0].encode() + b"\n" + body[1]).hexdigest()
        claim = ingest.Claim(caller.api_key_id or 0, idempotency_key, fingerprint)
    sent = ingest.Sent(checked, caller.actor, now, claim)
    answer, repeated = transact_merged(db, ingest.store, sent, rows=len(checked.good))
    if repeated:
        response.headers["Idempotency-Replayed"] = "true"
    return answer


@router.get("/metrics", responses=problems())
def list_metrics(_caller: Reader, db: Db) -> MetricList:
    """List all metrics. One whose `better` is null is stored and not scored."""
    with db.read() as session:
        return MetricList(items=[MetricOut.of(metric) for metric in queries.metrics(session)])


# A metric's key may hold a slash.
@router.put("/metrics/{metric:path}", responses=problems(400, 413, 415))
def put_metric(caller: Ingester, metric: MetricId, sent: MetricIn, db: Db, now: Now) -> MetricOut:
    """Describe a metric, replacing what was known: a field left out gets its default."""
    return transact(
        db, lambda session: MetricOut.of(actions.put_metric(session, metric, sent, by=caller.actor, now=now))
    )


@router.get("/metrics/{metric:path}", responses=problems(404))
def get_metric(_caller: Reader, metric: MetricId, db: Db) -> MetricOut:
    """Tell what is known of a metric."""
    with db.read() as session:
        return MetricOut.of(queries.metric(session, metric))
