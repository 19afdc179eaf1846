"""Every route of the API asks for a key, and for the scope that it names here."""

import pytest
from starlette.testclient import TestClient

# What opens each route; a new route fails until it is written down.
OPENED_BY = {
    "POST /v1/observations": "ingest",
    "POST /v1/accounts": "ingest",
    "PUT /v1/accounts/{account_id}": "ingest",
    "PUT /v1/metrics/{metric}": "ingest",
    "POST /v1/complaints": "ingest",
    "GET /v1/accounts": "read",
    "GET /v1/accounts/{account_id}": "read",
    "GET /v1/accounts/{account_id}/risk": "read",
    "GET /v1/metrics": "read",
    "GET /v1/metrics/{metric}": "read",
    "GET /v1/risk": "read",
    "GET /v1/model": "read",
    "GET /v1/outlook": "read",
    "GET /v1/alerts": "read",
    "GET /v1/alerts/{alert_id}": "read",
    "POST /v1/alerts/{alert_id}/acknowledge": "operate",
    "POST /v1/alerts/{alert_id}/assign": "operate",
    "POST /v1/alerts/{alert_id}/snooze": "operate",
    "POST /v1/alerts/{alert_id}/resolve": "operate",
    "POST /v1/alerts/{alert_id}/wrong": "operate",
    "GET /v1/alerts/{alert_id}/updates": "read",
    "POST /v1/alerts/{alert_id}/updates": "operate",
    "GET /v1/commitments": "read",
    "POST /v1/commitments": "operate",
    "GET /v1/commitments/{commitment_id}": "read",
    "PATCH /v1/commitments/{commitment_id}": "operate",
    "POST /v1/commitments/{commitment_id}/close": "operate",
    "POST /v1/commitments/{commitment_id}/reopen": "operate",
    "GET /v1/news": "read",
    "POST /v1/news": "operate",
    "DELETE /v1/news/{news_id}": "operate",
    "POST /v1/inbound-mail": "mail",
    "GET /v1/replies": "read",
    "POST /v1/replies/{reply_id}/close": "operate",
    "POST /v1/replies/{reply_id}/answer": "operate",
    "GET /v1/outbox": "read",
    "POST /v1/outbox/hold": "operate",
    "POST /v1/outbox/release": "operate",
    "POST /v1/outbox/{mail_id}/again": "operate",
}
NOT_OPENED_BY = {
    "mail": ("ingest", "read", "operate"),
    "ingest": ("read", "operate"),
    "read": ("ingest",),
    "operate": ("ingest", "read", "mail"),
}
IDS = {"account_id": "northwind", "metric": "csat", "alert_id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"}
IDS |= dict.fromkeys(("commitment_id", "news_id"), IDS["alert_id"])
IDS |= {"reply_id": IDS["alert_id"], "mail_id": IDS["alert_id"]}


def test_every_route_is_written_down_here(app):
    known = {f"{verb.upper()} {path}" for path, verbs in app.openapi()["paths"].items() for verb in verbs}

    assert {route for route in known if " /v1" in route} == set(OPENED_BY)


@pytest.mark.parametrize("route", OPENED_BY)
def test_without_a_key_nothing_opens(app, route):
    method, path = route.format(**IDS).split()

    answer = TestClient(app).request(method, path)

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="headsup"')


@pytest.mark.parametrize("route", OPENED_BY)
def test_a_key_of_another_scope_opens_nothing(client_with, route):
    method, path = route.format(**IDS).split()

    answers = [client_with(scope).request(method, path) for scope in NOT_OPENED_BY[OPENED_BY[route]]]

    assert {answer.status_code for answer in answers} == {403}


@pytest.mark.parametrize("route", OPENED_BY)
def test_a_key_of_its_scope_gets_past_the_guard(client_with, route):
    method, path = route.format(**IDS).split()

    assert client_with(OPENED_BY[route]).request(method, path).status_code not in {401, 403}
