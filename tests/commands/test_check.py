"""`headsup check`."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from service.access import actions
from service.demo.mailbox import open_mailbox


@pytest.fixture
def found(cli):
    """Run the check: the state of each thing that was looked at, and the exit code."""

    def check():
        result = cli("check", "--json")
        states = {finding["about"]: finding["state"] for finding in json.loads(result.stdout)["findings"]}
        return states, result.exit_code

    return check


def test_a_fresh_installation_is_fit(db, installed, found):
    states, code = found()

    assert code == 0
    assert {states[about] for about in ("settings", "secret key", "signing key", "database", "clock")} == {"ok"}
    assert states["mail"] == "warning"


def test_an_installation_without_keys_is_not(db, found):
    states, code = found()

    assert code == 1
    assert (states["secret key"], states["signing key"]) == ("bad", "bad")


def test_each_wrong_setting_is_named_and_its_value_is_not_shown(cli, monkeypatch):
    monkeypatch.setenv("HEADSUP_PORT", "s3cret")
    monkeypatch.setenv("HEADSUP_ALERTS_PER_DAY", "-1")

    result = cli("check")

    assert result.exit_code == 1
    assert "HEADSUP_PORT" in result.stdout
    assert "HEADSUP_ALERTS_PER_DAY" in result.stdout
    assert "s3cret" not in result.stdout


def test_a_mail_server_is_called(db, installed, found, monkeypatch, tmp_path):
    with open_mailbox(tmp_path / "mailbox") as mailbox:
        monkeypatch.setenv("HEADSUP_SMTP_URL", mailbox.url)
        up = found()
    down = found()

    assert (up[0]["mail"], up[1]) == ("ok", 0)
    assert (down[0]["mail"], down[1]) == ("bad", 1)


def test_a_database_that_is_not_there_is_bad(installed, found, monkeypatch):
    monkeypatch.setenv("HEADSUP_DATABASE_URL", "postgresql://headsup@127.0.0.1:1/headsup")

    states, code = found()

    assert (states["database"], code) == ("bad", 1)


def test_a_clock_that_was_set_back_is_noticed(db, installed, found):
    with db.begin() as session:
        actions.record(session, "test", "test", "test", now=datetime.now(UTC) + timedelta(days=2))

    assert found()[0]["clock"] == "bad"
