"""Odd moments: refused, or stored in UTC, by every way in."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from models import Observation
from service.kit.fields import EARLIEST, LATEST
from tests import make
from tests.api.nasty import GOOD
from tests.faults.probes import MOMENTS

# Every field and parameter of the API that takes a moment or a day; a new one fails until a probe tries it.
TRIED = {
    ("/v1/observations", "observed_at"),
    ("/v1/complaints", "occurred_at"),
    ("/v1/accounts", "started_on"),
    ("/v1/accounts/{account_id}", "started_on"),
    ("/v1/commitments", "due"),
    ("/v1/commitments", "on"),
    ("/v1/commitments/{commitment_id}", "due"),
    ("/v1/commitments/{commitment_id}", "on"),
    ("/v1/news", "from_day"),
    ("/v1/news", "until_day"),
    ("/v1/alerts/{alert_id}/updates", "next_update_at"),
    ("/v1/alerts/{alert_id}/snooze", "until"),
    ("/v1/risk", "changed_since"),
    ("/v1/outlook", "since"),
    ("/v1/outlook", "until"),
}


def described(schema, path, components, found):
    """Names under which a schema takes moments or days."""
    if isinstance(schema, list):
        for each in schema:
            described(each, path, components, found)
        return
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        described(components[schema["$ref"].rpartition("/")[2]], path, components, found)
    if schema.get("format") in {"date", "date-time"}:
        found.add(path)
    for key, part in schema.items():
        if key == "properties":
            for name, one in part.items():
                described(one, name, components, found)
        elif key in {"items", "anyOf", "allOf"}:
            described(part, path, components, found)


def test_every_field_that_takes_a_moment_is_tried(app):
    api = app.openapi()
    found = set()
    for path, verbs in api["paths"].items():
        for verb in verbs.values():
            names = set()
            for parameter in verb.get("parameters", []):
                described(parameter["schema"], parameter["name"], api["components"]["schemas"], names)
            for content in verb.get("requestBody", {}).get("content", {}).values():
                described(content.get("schema", {}), "", api["components"]["schemas"], names)
            found |= {(path, name) for name in names}

    assert found == TRIED


def moment_of(text):
    """The moment that a text means, or None where it is refused."""
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
        at = at and at.astimezone(UTC) if at and at.tzinfo else None
    except (ValueError, OverflowError):
        return None
    return at if at and EARLIEST <= at < LATEST and at <= make.MONDAY + timedelta(minutes=5) else None


@pytest.mark.parametrize("written", MOMENTS, ids=range(len(MOMENTS)))
def test_a_moment_is_stored_in_utc_or_not_at_all(api, db, written):
    text = json.dumps({"observations": [GOOD | {"observed_at": written}]}).replace("Infinity", "1e400")

    answer = api.post("/v1/observations", content=text, headers={"Content-Type": "application/json"})

    with db.read() as session:
        found = session.scalars(select(Observation.observed_at)).all()
    assert answer.status_code == 200
    assert answer.json()["accepted"] == len(found)
    assert found in ([], [moment_of(written)])
