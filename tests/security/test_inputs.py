"""S02, S10: names that are not asked for, cells that calculate."""

import csv
import io
import json

import pytest
from sqlalchemy import select

from models import Base
from tests import make
from tests.security.policy import POLICY
from tests.security.tour import WRITES, Tour, go

API_WRITES = [route for route in POLICY if "/v1/" in route and not route.startswith("GET") and "HEAD" not in route]
COLUMNS = sorted({column.name for table in Base.metadata.tables.values() for column in table.columns})


@pytest.fixture
def tour(api, ola, db, settings):
    return Tour(api, ola, db, settings)


def path_of(tour, route):
    method, path = route.split()
    names = {"metric": "late_share", "account_id": "northwind"} | (
        tour.alert() if "_id}" in path and "account_id" not in path else {}
    )
    return method, path.format(**names)


def rows(db):
    with db.engine.connect() as connection:
        tables = [table for table in Base.metadata.sorted_tables if table.name != "api_keys"]  # notes its last use
        return {table.name: [tuple(row) for row in connection.execute(select(table))] for table in tables}


# These take no fields: they are done to what the address names, or take a mail as it is.
FIELDLESS = (
    "/acknowledge",
    "replies/{reply_id}/close",
    "/reopen",
    "/release",
    "/again",
    "/news/{news_id}",
    "/inbound-mail",
)


@pytest.mark.parametrize("route", [route for route in API_WRITES if not route.endswith(FIELDLESS)])
def test_a_name_that_is_not_asked_for_is_refused_and_changes_nothing(tour, db, route):
    go(tour, "POST /v1/observations")
    _, right = go(tour, route)
    assert right.status_code < 300
    sent = WRITES[route][0](tour)["json"]
    method, path = path_of(tour, route)
    batch = next((value for value in sent.values() if isinstance(value, list)), None)
    asked = set(batch[0] if batch else sent)
    before = rows(db)

    taken = {}
    for column in set(COLUMNS) - asked - asked_for(tour, path, batch):
        body = {key: [batch[0] | {column: 1}] for key in sent} if batch else sent | {column: 1}
        answer = tour.api.request(method, path, json=body)
        if answer.status_code != 422 and not (answer.status_code == 200 and answer.json().get("rejected") == 1):
            taken[column] = answer.status_code

    assert taken == {}
    assert rows(db) == before


def asked_for(tour, path, batch):
    """The names that the description of the route knows."""
    described = tour.api.get("/v1/openapi.json").json()
    found = json.dumps(described["components"]["schemas"]) if not batch else json.dumps(described["paths"][path])
    return {column for column in COLUMNS if f'"{column}": {{' in found}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])  # noqa: RUF001
def test_no_cell_of_a_csv_calculates(api, db, start):
    name = f"{start}HYPERLINK(1)"
    with db.begin() as session:
        account = make.account(session, name=name, segment=f'a"b,c\n{start}')
        make.score(session, account)

    text = api.get("/v1/risk", headers={"Accept": "text/csv"}).text

    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["name"] == f"'{name}"
    assert row["segment"] == f'a"b,c\n{start}'
