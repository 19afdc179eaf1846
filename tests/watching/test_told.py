"""The API and the terminal tell how the speaking model does."""

import json
from datetime import timedelta

from service.scoring import actions
from service.watching import daily
from tests import make


def test_the_api_tells_what_was_seen_and_what_moved(db, settings, api, company, clock):
    version, _ = company
    actions.score_due(db, settings, now=clock.at)
    daily.run(db, settings, now=clock.at)

    told = api.get("/v1/model").json()

    assert told["model"] == version
    assert told["promised"]["right"] == told["seen"][0]["promised"]
    assert (told["seen"][0]["scored"], told["seen"][0]["accounts"]) == (80, 80)
    assert {each["group"] for each in told["drift"]} == {"late_share", "open", "complaints"}
    assert told["features"]["late_share:level_28"] < 0.25
    assert (told["lived"], told["weeks"], told["candidate"]) == (None, [], None)


def test_the_terminal_tells_the_same(db, settings, company, cli):
    version, _ = company

    plain, told = cli("watch").stdout, json.loads(cli("watch", "--json").stdout)

    assert plain.startswith(f"Model {version} speaks; alert line 0.")
    assert "The next scheduled training comes on" in plain
    assert told["model"] == version


def test_the_starter_score_is_watched_too(db, settings, api, clock):
    with db.begin() as session:
        account = make.account(session)
        make.score(session, account, 0.9)
        make.risk_days(session, account, [0.9], until=make.MONDAY - timedelta(days=1))

    daily.run(db, settings, now=clock.at)

    told = api.get("/v1/model").json()
    assert (told["model"], told["promised"], told["drift"]) == ("starter", None, [])
    assert told["days"][0]["over"] == 1


def test_prometheus_gets_the_figures(db, settings, api, company, clock):
    actions.score_due(db, settings, now=clock.at)
    daily.run(db, settings, now=clock.at)

    figures = api.get("/metrics").text

    assert "headsup_model_notices 0.0" in figures
    assert "headsup_model_proposed 0.0" in figures
    assert "headsup_model_scored 1.0" in figures
    assert "headsup_model_expected 0." in figures
