"""One behaviour on two databases: over a thousand values are answered alike, stored alike, and never by a 500."""

import json
import re

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from models import Account, Commitment, Complaint, Metric, NewsLine, Observation, Scope, Update
from service.access import actions
from service.app import create_app
from service.kit import schema
from service.kit.database import Database
from service.kit.settings import Settings
from tests import make
from tests.conftest import ON_POSTGRESQL
from tests.faults.probes import moments, texts_and_numbers

# What tells one run from another.
PASSING = re.compile("[0-9a-f]{8}-[0-9a-f-]{27}")
KEPT = {
    Account: ("external_id", "name", "value", "time_zone", "started_on", "segment", "created_at"),
    Metric: ("external_id", "label", "unit", "better", "target", "combine"),
    Observation: ("observed_at", "item_id", "value"),
    Complaint: ("external_id", "occurred_at", "channel", "severity", "about"),
    Update: ("next_update_at", "cause"),
    Commitment: ("promise", "due", "dominoes", "state"),
    NewsLine: ("text", "from_day", "until_day"),
}


def installed(settings, db, clock):
    """A client of an application that knows one account with a live alert, and the alert's id."""
    with db.begin() as session:
        key = actions.create_key(session, "probes", [Scope.ADMIN], by="test", now=clock.at)
        make.metric(session)
        account = make.account(session, external_id="northwind", rep=None)
        alert = str(make.commitment(session, account, id=make.alert(session, account).id).id)
    # A quick machine asks more than a key may in a minute.
    app = create_app(settings.model_copy(update={"requests_per_minute": 1_000_000}), db, clock)
    return TestClient(app, headers={"Authorization": f"Bearer {key}"}, raise_server_exceptions=False), alert


def ask(client, alert, probe):
    path, headers = probe.path.replace("ALERT", alert), {"Content-Type": probe.kind} if probe.body else {}
    answer = client.request(probe.method, path, content=probe.body.encode("utf-8", "surrogatepass"), headers=headers)
    # PostgreSQL keeps the members of an object in an order of its own.
    said = json.dumps(answer.json(), sort_keys=True) if answer.content else ""
    return answer.status_code, PASSING.sub("", said)


def told(value):
    """What a field holds; PostgreSQL keeps the members of an object in an order of its own."""
    return json.dumps(value, sort_keys=True) if isinstance(value, list) else repr(value)


def stored(db):
    with db.read() as session:
        rows = [
            (table.__tablename__, *(told(getattr(row, name)) for name in names))
            for table, names in KEPT.items()
            for row in session.scalars(select(table))
        ]
    return sorted(rows)


@pytest.fixture
def beside(tmp_path, settings):
    """SQLite beside the PostgreSQL that the test runs on."""
    there = settings.model_copy(update={"database_url": "", "data_dir": tmp_path})
    db = Database(Settings(data_dir=tmp_path, _env_file=None).database)
    schema.upgrade(db)
    yield there, db
    db.close()


@pytest.mark.skipif(not ON_POSTGRESQL, reason="it takes both: it runs with PostgreSQL")
def test_both_databases_answer_and_store_alike(settings, db, clock, beside):
    clients = [installed(settings, db, clock), installed(*beside, clock)]
    probes = [*moments(), *texts_and_numbers()]

    different = [
        (probe.name, answers)
        for probe in probes
        if (answers := [ask(client, alert, probe) for client, alert in clients])[0] != answers[1]
    ]

    assert len(probes) >= 1_000
    assert different == []
    assert stored(db) == stored(beside[1])


@pytest.mark.parametrize("probes", [moments(), texts_and_numbers()], ids=["moments", "texts and numbers"])
def test_nothing_that_is_sent_is_answered_by_a_500(settings, db, clock, probes):
    client, alert = installed(settings, db, clock)

    failed = [(probe.name, answer) for probe in probes if (answer := ask(client, alert, probe))[0] >= 500]

    assert failed == []
