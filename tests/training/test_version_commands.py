"""`headsup models`, `promote` and `rollback`, on two models of a planted company."""

import json
import shutil
from datetime import timedelta

import pytest

from models import AuditEntry
from service.kit import schema
from service.kit.database import Database
from service.kit.settings import Settings
from service.scoring import actions
from tests import make
from tests.scoring import planted
from training import backtest, training
from training.window import Asked

EARLIER = (make.MONDAY - timedelta(weeks=13)).date()


def unwatched(_name, _done, _of):
    pass


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two versions on disk: the second has a test that began some weeks earlier."""
    folder = tmp_path_factory.mktemp("planted")
    settings = Settings(data_dir=folder, signing_key="c2lnbmluZy1rZXktb2YtdGhlLXRlc3Qtc3VpdGUtMDE=", _env_file=None)
    db = Database(settings.database)
    schema.upgrade(db)
    with db.begin() as session:
        planted.company(session, accounts=25)
    asked = {make.MONDAY: Asked(), make.MONDAY + timedelta(days=1): Asked(test_from=EARLIER)}
    models = [_train(db, settings, now, window) for now, window in asked.items()]
    db.close()
    return settings.artifacts_dir, models


def _train(db, settings, now, asked):
    with db.read() as session:
        material = backtest.collect(session, asked, 14, now=make.MONDAY, progress=unwatched)
    return training.train(material, settings, seed=0, now=now, progress=unwatched)


@pytest.fixture
def versions(made, db, settings):
    folder, models = made
    shutil.copytree(folder, settings.artifacts_dir)
    with db.begin() as session:
        for days, model in enumerate(models):
            now = make.MONDAY + timedelta(days=days)
            actions.register(session, model.version, model.sha256, model.card, model.line, by="test", now=now)
    return [model.version for model in models]


def _statuses(cli):
    return {model["version"]: model["status"] for model in json.loads(cli("models", "--json").stdout)["models"]}


def test_a_card_is_shown_in_words_and_whole_as_json(versions, cli):
    shown, whole = cli("models", "show", versions[0]), json.loads(cli("models", "show", versions[0], "--json").stdout)

    assert whole["version"] == versions[0]
    for told in (whole["data_sha256"], whole["window"]["test_from"], "Chosen: ", "scorecard", "late_share"):
        assert told in shown.stdout
    assert f"> {whole['alert_line']['line']:.3f}" in " ".join(shown.stdout.split())


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
