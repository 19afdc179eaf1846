"""What alerts are worth: in the terminal, in the outlook, on the account's page."""

import json
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from models import HoldoutDraw
from service.app import create_app
from service.kit.clock import SetClock
from tests import make


@pytest.fixture
def judged(db):
    """Forty accounts held back, half of which complained, and forty alerted, of which a tenth did; long ago."""
    drawn = make.MONDAY - timedelta(days=30)
    facts = {"drawn_at": drawn, "share": 0.2, "risk": 0.75, "line": 0.7, "model": "starter", "week": "2026-W05"}
    over = {"until": drawn + timedelta(days=14), "ended_at": drawn + timedelta(days=14), "ended_why": "Over."}
    with db.begin() as session:
        accounts = [make.account(session) for _ in range(80)]
        for number, account in enumerate(accounts):
            session.add(HoldoutDraw(account_id=account.id, held=number < 40, **facts, **over))
            if number < 20 or number >= 76:
                make.complaint(session, account, at=drawn + timedelta(days=5))
    return accounts


def test_the_command_says_how_many_complaints_alerts_keep_away(cli, judged):
    told = cli("holdout").stdout

    assert "100 alerts keep away 40 complaints (20 to 56, 95 %)." in told
    assert "Nothing is held back; 0 accounts are left alone now." in told


def test_the_command_answers_in_json(cli, judged):
    answer = json.loads(cli("holdout", "--json").stdout)

    assert (answer["share"], answer["held_now"], answer["kept_away"]) == (0, 0, pytest.approx(0.4))
    assert answer["held"] == {"accounts": 40, "complained": 20, "rate": 0.5}


def test_with_nothing_held_the_command_says_what_is_lacking(cli, db):
    assert "Nothing to say yet" in cli("holdout").stdout


def test_the_outlook_tells_of_it_only_while_it_is_on(api, judged, settings, db):
    on = create_app(settings.model_copy(update={"holdout_share": 0.05}), db, SetClock(make.MONDAY))

    assert api.get("/v1/outlook").json()["holdout"] is None
    assert TestClient(on, headers=api.headers).get("/v1/outlook").json()["holdout"]["kept_away"] == pytest.approx(0.4)
