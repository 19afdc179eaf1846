"""Numbers at the ends of what is taken: each list, page and step goes on, whichever the database.

PostgreSQL raises an error where a product, a mean or a quotient leaves what a float holds; SQLite gives infinity.
"""

import math
from datetime import timedelta
from itertools import cycle, islice, product

import pytest
from sqlalchemy import select

from models import Account, Alert, Resolution, Score, WorkerStep
from service import worker
from tests import make

WORTH = [1e299, 2e299, 1.0, 0.0, 5e-324, None]
VALUES = [1e299, -1e299, 5e-324, 1.0, 9e299, 0.0, -5e-324]
METRICS = {"mean": "higher", "sum": "lower", "last": "lower"}
DAYS, A_DAY = 40, 3
LISTS = [
    *(
        f"/v1/alerts?status={status}&sort={sort}"
        for status, sort in product(("live", "resolved"), ("priority", "risk"))
    ),
    *(f"/v1/risk?sort={sort}" for sort in ("-risk", "priority", "-priority", "change_7d")),
    "/v1/accounts",
    "/v1/commitments",
]
PAGES = [
    "/",
    "/?order=risk",
    "/?view=done",
    "/accounts",
    "/accounts?sort=value",
    "/outlook",
    "/todo",
    "/mail",
    "/status",
]


def a_row_at_a_time(path):
    return f"{path}{'&' if '?' in path else '?'}limit=1"


@pytest.fixture
def extreme(api, clock):
    """A company whose accounts are worth next to nothing or more than all there is, and whose figures jump as far."""
    for combine, better in METRICS.items():
        assert api.put(f"/v1/metrics/{combine}", json={"combine": combine, "better": better, "target": 1}).is_success
    accounts = [f"client-{number}" for number in range(len(WORTH))]
    rows = [{"account_id": name, "value": worth} for name, worth in zip(accounts, WORTH, strict=True)]
    assert api.post("/v1/accounts", json={"accounts": rows}).json()["rejected"] == 0
    for start, name in enumerate(accounts):
        values = islice(cycle(VALUES), start, None)
        observations = [
            {"account_id": name, "metric": metric, "value": next(values), "item_id": f"{metric}-{day}-{n}"}
            | {"observed_at": (clock.at - timedelta(days=day, hours=n + 1)).isoformat()}
            for day, metric, n in product(range(DAYS), METRICS, range(A_DAY))
        ]
        assert api.post("/v1/observations", json={"observations": observations}).json()["rejected"] == 0
        for metric in METRICS:
            said = {
                "account_id": name,
                "promise": "All of it.",
                "due": f"{clock.at.date() + timedelta(days=2)}",
                "metric": metric,
            }
            assert api.post("/v1/commitments", json=said).status_code == 201
    return accounts


@pytest.fixture
def lived(extreme, db, settings, later):
    """Three rounds of the worker on them, and alerts for all, one that lives and one that has ended."""
    for _ in range(3):
        worker.tick(db, settings, now=later(hours=12))
    with db.begin() as session:
        alerts = set(session.scalars(select(Alert.account_id)))
        for account in session.scalars(select(Account)):
            make.alert(session, account, resolved_at=later(), resolution=Resolution.FIXED)
            if account.id not in alerts:
                make.alert(session, account)
        for score in session.scalars(select(Score)):
            score.rise = 1e-9
    return extreme


def refused(client, path):
    """What is answered in place of the page, or of one that follows it."""
    answer = client.get(path)
    while answer.is_success and "json" in answer.headers["content-type"] and (following := answer.json().get("next")):
        answer = client.get(path, params={**dict(answer.request.url.params), "cursor": following})
    arrived = answer.status_code == 200 and answer.request.url.path == path.partition("?")[0]
    return "" if arrived else f"{answer.status_code} {answer.text[:200]}"


def test_extreme_numbers_stop_no_step_no_list_and_no_page(db, lived, api, ola):
    with db.read() as session:
        troubles = {step.name: step.error for step in session.scalars(select(WorkerStep)) if step.error}
        scores = list(session.scalars(select(Score)))
        shown = [f"/series/{account}" for account in session.scalars(select(Account.id))]
        shown += [f"/alerts/{alert}" for alert in session.scalars(select(Alert.id))]
    shown += [f"/accounts/{name}" for name in lived]
    lists = [*LISTS, *map(a_row_at_a_time, LISTS), *(f"/v1/accounts/{name}/risk" for name in lived)]

    broken = {path: said for path in lists if (said := refused(api, path))}
    broken |= {path: said for path in (*PAGES, *shown) if (said := refused(ola, path))}

    assert (troubles, broken) == ({}, {})
    assert len(scores) == len(WORTH)
    assert all(math.isfinite(score.risk) and math.isfinite(score.rise) for score in scores)
