"""`headsup line`: shows the trade-off, shows what a choice would do, sets it when told to."""

import json

import pytest

from models import AuditEntry
from models.trained_model import LineKind
from service.alerts.actions import _room
from service.scoring import queries
from tests import make


@pytest.fixture
def speaking(versions, cli):
    """The first of two models is active."""
    cli("promote", versions[0])
    return versions


def _facts(cli, *arguments):
    return json.loads(cli("line", *arguments, "--json").stdout)


def _last_audit(db):
    with db.read() as session:
        return session.query(AuditEntry).order_by(AuditEntry.id.desc()).first()


def test_the_whole_trade_off_is_shown_with_the_line_in_force(speaking, cli):
    shown, facts = cli("line").stdout, _facts(cli)

    assert f"> {facts['line']['line']:.3f}" in " ".join(shown.split())
    for told in ("alerts a day", "share right", "told first", "head start", "a budget of 10 alerts a day"):
        assert told in shown
    assert facts["curve"]["line"] == sorted(facts["curve"]["line"], reverse=True)
    assert facts["curve"]["alerts_per_day"] == sorted(facts["curve"]["alerts_per_day"])


def test_a_choice_is_shown_first_and_changes_nothing_by_itself(speaking, cli):
    before = _facts(cli)["line"]

    shown = cli("line", "--budget", "0.5").stdout

    assert "* is a budget of 0.5 alerts a day" in shown
    assert "Nothing was changed" in shown
    assert _facts(cli)["line"] == before


def test_a_confirmed_choice_is_set_kept_and_audited(db, speaking, cli):
    done = _facts(cli, "--budget", "0.5", "--yes")
    after, entry = _facts(cli), _last_audit(db)

    assert done["set"] is True
    assert after["line"] == done["would_be"]
    assert after["line"]["alerts_per_day"] == pytest.approx(0.5, rel=0.1)
    assert (after["chosen"], after["chosen_by"]) == ({"kind": "budget", "value": 0.5}, "headsup line")
    assert (entry.action, entry.subject, entry.detail["value"]) == ("model.line", speaking[0], 0.5)
    assert entry.detail["line_before"] != entry.detail["line"]


def test_a_price_sets_the_line_of_the_least_expected_cost(speaking, cli):
    cli("line", "--price", "3", "--yes")

    assert _facts(cli)["line"]["line"] == pytest.approx(0.25)


def test_a_storm_is_held_against_what_the_line_was_chosen_for(db, speaking, cli, settings):
    cli("line", "--budget", "3", "--yes")

    with db.read() as session:
        assert _room(session, settings, now=make.MONDAY) == 6


def test_the_next_model_gets_its_line_by_the_same_choice(db, speaking, cli):
    cli("line", "--budget", "0.5", "--yes")

    said = cli("promote", speaking[1]).stdout

    with db.read() as session:
        model = queries.active_model(session)
        assert (model.version, model.line_kind, model.line_value) == (speaking[1], LineKind.BUDGET, 0.5)
        assert model.line_alerts_per_day == pytest.approx(0.5, rel=0.1)
        assert f"{model.alert_line:.4g}, about 0.5" in said
    assert "Before, it was a risk of" in said
    assert {"line_before", "alerts_per_day_before", "line", "alerts_per_day"} <= set(_last_audit(db).detail)


def test_another_model_can_be_looked_at_but_its_line_not_chosen(speaking, cli):
    assert _facts(cli, speaking[1])["status"] == "candidate"

    refused = cli("line", speaking[1], "--budget", "3", "--yes")

    assert refused.exit_code == 1
    assert "Only the active model" in refused.stderr


@pytest.mark.parametrize("asked", [("--budget", "0"), ("--price", "-1"), ("--line", "1.2"), ("--line", "nan")])
def test_what_means_no_line_is_refused(speaking, cli, asked):
    refused = cli("line", *asked, "--yes")

    assert refused.exit_code == 1
    assert "A budget or a price is above 0" in refused.stderr


def test_two_choices_at_once_are_wrong_usage(speaking, cli):
    assert cli("line", "--budget", "3", "--price", "2").exit_code == 2


def test_while_the_starter_score_speaks_there_is_no_line_to_choose(versions, cli):
    refused = cli("line", "--budget", "3")

    assert refused.exit_code == 1
    assert "The starter score's line is a fixed 0.7" in refused.stderr
