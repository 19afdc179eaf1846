"""A01: the API's description is what the API does."""

import json
import re
from pathlib import Path

import pytest

from service.app import create_app
from tests import make
from tests.api.fuzzing import ALERTS, run
from tests.faults.conftest import FULL, size

ROOT = Path(__file__).parents[2]


def test_the_written_description_is_the_one_that_is_served(api):
    written = json.loads((ROOT / "docs" / "openapi.json").read_text())

    assert written == api.get("/v1/openapi.json").json(), "run `python docs/openapi.py`"


def test_bounds_are_described_in_words_that_json_schema_has(app):
    ours = {"ge", "gt", "le", "lt", "min_length", "max_length", "multiple_of"}

    assert [word for word in re.findall(r'"(\w+)": [\d.-]+', json.dumps(app.openapi())) if word in ours] == []


def test_every_route_tells_how_it_fails_and_shows_an_example(app):
    described = app.openapi()

    for path, verbs in described["paths"].items():
        for verb, route in verbs.items():
            assert {"401", "403", "422"} <= set(route["responses"]), f"{verb} {path}"
            assert "application/problem+json" in route["responses"]["422"]["content"], f"{verb} {path}"


def test_every_example_of_rows_is_taken_as_it_stands(api, app):
    taken = []
    for path, verbs in app.openapi()["paths"].items():
        for kind, described in verbs.get("post", {}).get("requestBody", {}).get("content", {}).items():
            if isinstance(example := described.get("example"), str):
                answer = api.post(f"{path}?dry_run=true", content=example, headers={"Content-Type": kind})
                taken.append((answer.status_code, answer.json()["accepted"], answer.json()["rejected"]))

    assert len(taken) >= 6
    assert set(taken) == {(200, 1, 0)}


@pytest.fixture
def seeded(db, settings, clock):
    """The application with something behind every address, and for callers in a hurry."""
    with db.begin() as session:
        metric = make.metric(session)
        for number, alert_id in enumerate(ALERTS):
            account = make.account(session, external_id=f"client-{number}" if number else "northwind")
            make.observation(session, account, metric, 0.1)
            make.score(session, account, risk=0.5 + number / 100)
            alert = make.alert(session, account, id=alert_id)
            make.update(session, alert)
            make.mail(session, id=alert_id, alert_id=alert_id, state="parked" if number % 2 else "queued")
            make.commitment(session, account, id=alert_id)
            make.news(session, id=alert_id)
            make.reply(session, alert, id=alert_id)
    return create_app(settings.model_copy(update={"requests_per_minute": 1_000_000}), db, clock)


WHO = {"administrator": "admin", "operations": "operate", "ingest": "ingest", "anonymous": None}
PHASES = {"examples", "coverage", "fuzzing", "stateful"}
ASKED = {"not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"}
ASKED |= {"response_headers_conformance", "negative_data_rejection", "positive_data_acceptance", "ignored_auth"}
ASKED |= {"unsupported_method", "every_header_is_described"}
SECONDS_OF_A_CORE = 2


@pytest.mark.parametrize("who", WHO)
def test_the_api_does_what_its_description_says(client_with, seeded, who):
    key = client_with(WHO[who]).headers["Authorization"] if WHO[who] else None

    thorough = FULL or who == "administrator"
    ran = run(seeded, key=key, examples=size(8, 80), thorough=thorough)

    said = f"{sum(ran.cases.values())} requests {dict(ran.cases)}, answers {dict(ran.statuses)}, slowest {ran.slowest}"
    print(f"A01 {who}: {said}", *ran.failures.items(), sep="\n")  # noqa: T201 (pytest -s shows it)
    assert (list(ran.failures), ran.errors) == ([], [])
    assert ran.slowest[0] < SECONDS_OF_A_CORE
    assert set(ran.cases) >= PHASES - (set() if thorough else {"coverage"})
    assert ran.checks >= ASKED - (set() if thorough else {"unsupported_method"})
