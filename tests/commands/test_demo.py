"""The demo is the longest journey: everything between a metric that comes in and a rep who was told."""

import json
from email import message_from_bytes, policy

import pytest

from service.demo.reps import button
from tests.conftest import ON_POSTGRESQL


@pytest.fixture
def demo(cli, tmp_path):
    return cli("demo", "--once", "--json", "--dir", str(tmp_path / "demo"), "--accounts", "60", "--days", "200")


@pytest.fixture
def mails(tmp_path):
    def read():
        files = sorted((tmp_path / "demo/mailbox").glob("*.eml"))
        return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in files]

    return read


@pytest.mark.skipif(ON_POSTGRESQL, reason="the demo brings its own database")
def test_the_demo_tells_reps_before_clients_complain(demo, mails):
    assert demo.exit_code == 0, demo.stderr
    told = json.loads(demo.stdout)

    assert told["accounts"] == 60
    assert told["observations"] > 40_000
    # Sixty accounts have few complaints: of sixteen days in a row on which it was looked at it was 0.6 to 0.98.
    assert told["model"]["roc_auc"] > 0.5
    assert told["alerts"] > 0
    assert 0 < told["updates_sent"] < told["mails_delivered"] == len(mails())
    assert told["told_first"] + told["told_late"] + told["not_told"] + told["missed"] == told["live_complaints"]
    assert any(button(mail) for mail in mails())


def test_a_demo_never_touches_a_folder_that_no_demo_made(cli, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/headsup.db").write_text("precious")

    refused = cli("demo", "--once", "--dir", str(tmp_path / "mine"))

    assert refused.exit_code == 1
    assert "no demo made it" in refused.stderr
    assert (tmp_path / "mine/headsup.db").read_text() == "precious"
