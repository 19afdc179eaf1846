"""S02, S10: names that are not asked for, cells that calculate."""

import csv
import io

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
def test_a_name_that_is_not_asked_for_is_refused_and_changes_nothing(tour, app, db, route):
    go(tour, "POST /v1/observations")
    _, right = go(tour, route)
    assert right.status_code < 300
    sent = WRITES[route][0](tour)["json"]
    method, path = path_of(tour, route)
    only = next(iter(sent.values())) if len(sent) == 1 else None
    batch = only if isinstance(only, list) else None
    before = rows(db)

    others = sorted(set(COLUMNS) - asked_for(app, route))
    if batch:
        answer = tour.api.request(
            method, path, json={key: [batch[0] | {column: 1} for column in others] for key in sent}
        )
        taken = {"rows": answer.json()["accepted"]} if answer.json()["rejected"] < len(others) else {}
    else:
        answers = {column: tour.api.request(method, path, json=sent | {column: 1}).status_code for column in others}
        taken = {column: status for column, status in answers.items() if status != 422}

    assert taken == {}
    assert rows(db) == before


def asked_for(app, route):
    """The names that the body of a route has by its description, in rows and in what hangs on them too."""
    method, path = route.split()
    described = app.openapi()
    waiting, names = [described["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]], set()
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            names |= set(part.get("properties", {}))
            waiting += [described["components"]["schemas"][part["$ref"].rpartition("/")[2]]] if "$ref" in part else []
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return names


CANARY = "canary-of-no-field"
FORMS = [route for route, (sent, _) in WRITES.items() if not route.partition("/v1")[1] and "/{token}" not in route]


def declared(app, route):
    """The names that a form has: those of the route's parameters, and of what it depends on."""
    method, path = route.split()
    waiting = list(app.routes)
    while waiting:
        each = waiting.pop()
        waiting += getattr(getattr(each, "original_router", None), "routes", [])
        if getattr(each, "path", "") == path and method in each.methods:
            return names_of(each.dependant)
    raise LookupError(route)


def names_of(dependant):
    return {each.alias for each in dependant.body_params}.union(*map(names_of, dependant.dependencies))


@pytest.mark.parametrize("route", FORMS)
def test_a_field_that_a_form_has_not_is_kept_nowhere(tour, app, db, route):
    go(tour, "POST /v1/observations")
    more = dict.fromkeys(set(COLUMNS) - declared(app, route), CANARY)
    fill = WRITES[route][0]
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(WRITES, route, (lambda tour: {"data": more | fill(tour).get("data", {})}, 0))
        _, answer = go(tour, route)

    assert len(more) > 100
    assert answer.status_code < 500
    assert [name for name, kept in rows(db).items() if CANARY in str(kept)] == []


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
