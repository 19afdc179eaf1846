"""`headsup models`, `promote` and `rollback`, on two models of a planted company."""

import json
import shutil

from models import AuditEntry


def _statuses(cli):
    return {model["version"]: model["status"] for model in json.loads(cli("models", "--json").stdout)["models"]}


def test_a_card_is_shown_in_words_and_whole_as_json(versions, cli):
    shown, whole = cli("models", "show", versions[0]), json.loads(cli("models", "show", versions[0], "--json").stdout)

    assert whole["version"] == versions[0]
    for told in (whole["data_sha256"], whole["window"]["test_from"], "Chosen: ", "scorecard", "late_share"):
        assert told in shown.stdout
    assert f"> {whole['alert_line']['line']:.3f}" in " ".join(shown.stdout.split())
    assert "chosen by a budget of 10 alerts a day" in shown.stdout


def test_two_models_stand_side_by_side_with_the_difference(versions, cli):
    facts = json.loads(cli("models", "compare", *versions, "--json").stdout)
    told = cli("models", "compare", *versions).stdout

    row = next(row for row in facts["measures"] if row["measure"] == "average_precision")
    assert row["difference"] == row[versions[1]] - row[versions[0]]
    assert facts["metrics"] == {"only_in_first": [], "only_in_second": [], "defined_differently": []}
    assert facts["same_test"] is False
    assert "The test weeks differ" in told


def test_a_rollback_lets_the_model_before_speak_again_and_twice_is_back(db, versions, cli):
    old, new = versions
    cli("promote", old)
    cli("promote", new)

    once = json.loads(cli("rollback", "--json").stdout)
    after_once = _statuses(cli)
    cli("rollback")

    with db.read() as session:
        lines = [(line.actor, line.subject) for line in session.query(AuditEntry).order_by(AuditEntry.id)]
    assert once == {"active": old, "before": new}
    assert after_once == {old: "active", new: "retired"}
    assert _statuses(cli) == {old: "retired", new: "active"}
    assert lines[-2:] == [("headsup rollback", old), ("headsup rollback", new)]


def test_a_rollback_to_a_model_whose_files_are_gone_is_refused_and_changes_nothing(versions, cli, settings):
    old, new = versions
    cli("promote", old)
    cli("promote", new)
    shutil.rmtree(settings.artifacts_dir / old)

    refused = cli("rollback")

    assert refused.exit_code == 1
    assert _statuses(cli) == {old: "retired", new: "active"}


def test_a_rollback_without_a_model_before_is_refused(versions, cli):
    cli("promote", versions[0])

    refused = cli("rollback")

    assert refused.exit_code == 1
    assert "No model spoke before" in refused.stderr


def test_an_unknown_version_is_neither_shown_nor_compared(db, cli):
    for arguments in (("show", "nonsense"), ("compare", "nonsense", "neither")):
        refused = cli("models", *arguments)

        assert (refused.exit_code, refused.stdout) == (1, "")
        assert "headsup models" in refused.stderr
