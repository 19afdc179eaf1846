"""`headsup key …` and `headsup operator add`."""

import json

import pytest

from service.access import actions, factors, queries
from service.access.rules import KeyInvalid
from tests import make

pytestmark = pytest.mark.usefixtures("db", "installed")


def caller_of(db, text):
    with db.read() as session:
        return actions.authenticate_key(session, text, now=make.MONDAY)[0]


def test_a_key_is_printed_once_and_opens_its_scopes_only(db, cli):
    key = json.loads(cli("key", "create", "tms", "--scope", "ingest", "--scope", "read", "--json").stdout)["key"]

    assert caller_of(db, key).scopes == {"ingest", "read"}
    assert key.split("_", 2)[2] not in cli("key", "list").stdout


def test_a_revoked_key_opens_nothing(db, cli):
    key = cli("key", "create", "tms", "--scope", "ingest").stdout.strip()

    cli("key", "revoke", "tms")

    with pytest.raises(KeyInvalid):
        caller_of(db, key)
    assert json.loads(cli("key", "list", "--json").stdout)["keys"][0]["state"] == "revoked"


def test_a_key_that_nobody_made_cannot_be_revoked(cli):
    refused = cli("key", "revoke", "tms")

    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert refused.stderr.count("\n") == 1
    assert "'tms'" in refused.stderr


def test_a_key_without_a_scope_is_wrong_usage(cli):
    assert cli("key", "create", "tms").exit_code == 2
    assert cli("key", "create", "tms", "--scope", "everything").exit_code == 2


def test_an_operator_can_sign_in_with_the_password_that_is_printed(db, cli):
    added = json.loads(cli("operator", "add", "Ola@example.com", "--role", "lead", "--json").stdout)

    with db.read() as session:
        ola = queries.operator_by_email(session, "ola@example.com")
    assert (ola.name, ola.role) == ("Ola", "lead")
    assert actions.password_fits(ola.password_hash, added["password"])


def test_a_made_up_password_is_to_be_changed_and_one_of_ones_own_is_not(cli):
    cli("operator", "add", "ola@example.com")
    cli("operator", "add", "omar@example.com", "--password-stdin", stdin="correct horse battery\n")
    known = {
        each["email"]: each["password"] for each in json.loads(cli("operator", "list", "--json").stdout)["operators"]
    }

    assert known == dict.fromkeys(("lena@example.com", "ola@example.com"), "to be changed") | {
        "omar@example.com": "own"
    }


@pytest.mark.parametrize("easy", ["Password2026!", "headsup-ola-1", "short"])
def test_an_easy_password_is_refused_by_the_command_line_too(db, cli, easy):
    refused = cli("operator", "add", "ola@example.com", "--password-stdin", stdin=f"{easy}\n")

    assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
    with db.read() as session:
        assert [each.email for each in queries.operators(session)] == ["lena@example.com"]


def test_a_lost_second_factor_is_taken_off(db, cli, settings, clock):
    cli("operator", "add", "ola@example.com")
    with db.begin() as session:
        ola = queries.operator_by_email(session, "ola@example.com")
        factors.begin(session, settings, ola, now=clock.at)
        queries.hold_second_factor(session, ola.id).proven_at = clock.at

    assert cli("operator", "reset-factor", "ola@example.com").exit_code == 0
    with db.read() as session:
        assert not factors.has_one(session, queries.operator_by_email(session, "ola@example.com"))
        assert queries.audit_entries(session, limit=1)[0].action == "second_factor.off"
    assert cli("operator", "reset-factor", "ola@example.com").exit_code == 1


def test_what_the_command_line_changes_is_in_the_audit_log(db, cli):
    cli("key", "create", "tms", "--scope", "ingest")

    with db.read() as session:
        newest = queries.audit_entries(session, limit=1)[0]
    assert (newest.action, newest.subject) == ("key.create", "tms")
    assert newest.actor.startswith("cli:")


def test_the_audit_log_can_be_read_by_who_what_on_what_and_when(cli):
    cli("key", "create", "tms", "--scope", "ingest")
    cli("operator", "add", "otto@example.com", "--role", "lead")
    asked = ((), ("--what", "key"), ("--on", "otto@example.com"), ("--who", "nobody"), ("--since", "2100-01-01"))

    found = {each: json.loads(cli("audit", "list", *each, "--json").stdout)["lines"] for each in asked}

    assert [line["what"] for line in found[()]][-2:] == ["key.create", "operator.add"]
    assert [line["on"] for line in found[asked[1]]] == ["tms"]
    assert [line["detail"] for line in found[asked[2]]] == [{"role": "lead"}]
    assert found[asked[3]] == found[asked[4]] == []


def test_a_list_of_keys_tells_when_each_ends(cli):
    cli("key", "create", "tms", "--scope", "ingest", "--days", "90")
    cli("key", "rotate", "tms", "--overlap-hours", "24")

    first, second = json.loads(cli("key", "list", "--json").stdout)["keys"]

    assert first["ends"] < second["ends"]


def test_whoever_is_given_a_made_up_password_is_told_that_it_is_shown_once(cli):
    added = cli("operator", "add", "ola@example.com")

    assert ("password " in added.stdout, "not shown again" in added.stderr) == (True, True)
