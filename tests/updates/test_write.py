"""What an update must say."""

from datetime import timedelta

import pytest

from models import Resolution
from service.alerts import queries as alerts
from tests import make
from tests.updates.conftest import SAID


@pytest.fixture
def path(alert):
    return f"/v1/alerts/{alert.id}/updates"


def said(**words):
    return SAID | {"next_update_at": (make.MONDAY + timedelta(hours=4)).isoformat()} | words


def test_a_whole_update_is_kept_and_shown(api, path):
    written = api.post(path, json=said())

    assert written.status_code == 201
    shown = api.get(path).json()["updates"]
    assert [each["cause"] for each in shown] == [SAID["cause"]]
    assert shown[0]["written_by"] == "key:test"
    assert shown[0]["sent_at"] is None


@pytest.mark.parametrize("name", ["cause", "owner", "fix"])
@pytest.mark.parametrize("nothing", ["", "   "])
def test_an_update_without_a_part_is_refused_by_its_name(api, path, name, nothing):
    refused = api.post(path, json=said(**{name: nothing}))

    assert refused.status_code == 422
    assert refused.json()["missing"] == [name]
    assert refused.json()["type"].endswith("/problems/update-incomplete")


def test_an_empty_update_hears_all_that_is_missing(api, path):
    assert api.post(path, json={}).json()["missing"] == ["cause", "owner", "fix", "next_update_at"]


@pytest.mark.parametrize("hours", [-1, 0, 24 * 91])
def test_the_next_update_must_lie_ahead_and_within_reach(api, path, hours):
    moment = (make.MONDAY + timedelta(hours=hours)).isoformat()

    assert api.post(path, json=said(next_update_at=moment)).json()["missing"] == ["next_update_at"]


@pytest.mark.parametrize(
    "words",
    [
        {"next_update_at": 1_800_000_000},
        {"next_update_at": "2026-03-02T18:00:00"},
        {"cause": "x" * 2001},
        {"cause": "nul\x00"},
        {"owner": "a\nBcc: sam@example.com"},
        {"surprise": True},
    ],
)
def test_malformed_words_are_refused_without_an_echo(api, path, words):
    refused = api.post(path, json=said(**words))

    assert refused.status_code == 422
    assert "sam@example.com" not in refused.text
    assert api.get(path).json()["updates"] == []


def test_an_update_answers_an_open_alert(api, path, alert, db):
    api.post(path, json=said())

    with db.read() as session:
        answered = alerts.alert(session, alert.id)
        kinds = [event.kind for event in alerts.events(session, alert.id)]
    assert answered.acknowledged_by == "key:test"
    assert kinds == ["acknowledged", "update"]


def test_an_alert_that_has_ended_takes_no_update(api, path, alert, db, clock):
    with db.begin() as session:
        ended = alerts.alert(session, alert.id)
        ended.resolved_at, ended.resolution = clock.at, Resolution.FIXED

    refused = api.post(path, json=said())

    assert refused.status_code == 409
    assert refused.json()["type"].endswith("/problems/alert-resolved")


def test_a_reader_may_look_and_not_write(client_with, path):
    reader = client_with("read")

    assert reader.get(path).status_code == 200
    assert reader.post(path, json=said()).status_code == 403


def test_an_unknown_alert_is_not_found(api):
    missing = "/v1/alerts/00000000-0000-4000-8000-000000000000/updates"

    assert api.get(missing).status_code == 404
    assert api.post(missing, json=said()).status_code == 404
