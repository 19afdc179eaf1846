"""What all commands share: how they refuse."""

import pytest


def test_a_command_without_an_installation_says_what_to_run(cli, monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSUP_DATABASE_URL", "")

    refused = cli("--data-dir", str(tmp_path / "nothing"), "key", "list")

    assert refused.exit_code == 1
    assert "run `headsup init`" in refused.stderr


def test_a_wrong_setting_is_named_without_its_value(cli, monkeypatch):
    monkeypatch.setenv("HEADSUP_DATABASE_URL", "mysql://root:s3cret@db/x")

    refused = cli("key", "list")

    assert refused.exit_code == 1
    assert "HEADSUP_DATABASE_URL" in refused.stderr
    assert "s3cret" not in refused.stderr


def test_a_database_that_does_not_answer_ends_in_one_sentence(cli, monkeypatch):
    monkeypatch.setenv("HEADSUP_DATABASE_URL", "postgresql://headsup@127.0.0.1:1/headsup")

    refused = cli("key", "list")

    assert refused.exit_code == 1
    assert refused.stderr.startswith("The database does not answer:")
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("arguments", [["key"], ["no-such-command"], ["key", "list", "--no-such-option"]])
def test_wrong_usage_has_exit_code_2(cli, arguments):
    assert cli(*arguments).exit_code == 2


def test_the_help_lists_every_command(cli):
    listed = cli("--help").stdout + cli("key", "--help").stdout + cli("import", "--help").stdout

    for word in ("init", "serve", "worker", "train", "demo", "create", "revoke", "observations"):
        assert word in listed
