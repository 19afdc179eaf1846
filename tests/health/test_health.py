"""Liveness, readiness, figures, and the pages that explain errors."""

from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from starlette.testclient import TestClient

from models import WorkerStep
from service.kit import schema
from tests import make


@pytest.fixture
def anyone(app):
    return TestClient(app, raise_server_exceptions=False)


def figures(client):
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def test_a_fresh_installation_is_alive_and_ready(anyone):
    assert anyone.get("/livez").status_code == anyone.get("/readyz").status_code == 200


def test_a_silent_worker_makes_it_unready_and_is_named(anyone, db, later):
    with db.begin() as session:
        session.add(WorkerStep(name="score", ended_at=make.MONDAY))
        session.add(WorkerStep(name="mail", ended_at=make.MONDAY + timedelta(minutes=5)))
    before = anyone.get("/readyz")
    later(minutes=6)

    after = anyone.get("/readyz")

    assert before.status_code == 200
    assert (after.status_code, after.json()["silent_steps"]) == (503, ["score"])
    assert int(after.headers["Retry-After"]) > 0


@pytest.fixture
def at_revision(db):
    """Let the database say that it has another schema, until the test has ended."""

    def say(revision):
        with db.begin() as session:
            session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})

    yield say
    say(schema.head())


def test_a_database_that_is_older_makes_it_unready(anyone, at_revision):
    at_revision("0001")

    answer = anyone.get("/readyz")

    assert answer.status_code == 503
    assert "headsup migrate" in answer.json()["detail"]


def test_a_database_that_was_upgraded_under_it_leaves_it_ready_and_lets_no_other_of_its_kind_start(
    anyone, db, at_revision
):
    at_revision("9999")

    answer = anyone.get("/readyz")

    assert answer.status_code == 200
    with pytest.raises(schema.SchemaMismatch, match="newer Headsup"):
        schema.check(db)


def test_figures_tell_what_waits(anyone, db, later):
    with db.begin() as session:
        make.alert(session, make.account(session, data_version=3))
        session.add(WorkerStep(name="score", ended_at=make.MONDAY))
    later(minutes=2)

    read = figures(anyone)

    assert read["headsup_accounts",] == read["headsup_accounts_unscored",] == read["headsup_alerts_open",] == 1
    assert read["headsup_alert_unacknowledged_age_seconds",] == 120
    assert read["headsup_worker_step_age_seconds", "score"] == 120
    assert read["headsup_mails", "queued"] == 0


def test_requests_are_counted_by_route_not_by_path(api):
    for account in ("a", "b"):
        api.get(f"/v1/accounts/{account}")
    api.get("/nowhere")

    read = figures(api)

    assert read["headsup_requests_total", "GET", "/v1/accounts/{account_id:path}", "404"] == 2
    assert read["headsup_requests_total", "GET", "none", "404"] == 1


def test_the_type_of_a_problem_leads_to_its_explanation(api):
    kind = api.get("/v1/accounts/nobody").json()["type"]

    page = api.get(kind, headers={"Accept": "text/html"})

    assert (page.status_code, "There is no such account" in page.text) == (200, True)
    assert api.get(kind).json()["title"] == "There is no such account"
    assert api.get("/problems/no-such-thing").status_code == 404
