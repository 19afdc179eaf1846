"""Two models are held against each other on weeks that neither has seen."""

import json
import shutil
from datetime import timedelta

import pytest

from service.kit import schema
from service.kit.database import Database
from service.kit.settings import Settings
from service.scoring import actions
from tests import make
from tests.scoring import planted
from tests.training.conftest import unwatched
from training import backtest, contest, training
from training.refusals import TrainingRefused
from training.window import Asked


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Two models, trained on what was known nine and six weeks ago."""
    folder = tmp_path_factory.mktemp("contest")
    settings = Settings(data_dir=folder, signing_key="c2lnbmluZy1rZXktb2YtdGhlLXRlc3Qtc3VpdGUtMDE=", _env_file=None)
    db = Database(settings.database)
    schema.upgrade(db)
    with db.begin() as session:
        planted.company(session, accounts=20)
    made = {}
    for weeks_ago in (9, 6):
        now = make.MONDAY - timedelta(weeks=weeks_ago)
        with db.read() as session:
            asked = Asked(test_to=(now - timedelta(days=14)).date())
            material = backtest.collect(session, asked, 14, now=make.MONDAY, progress=unwatched)
        made[weeks_ago] = training.train(material, settings, seed=0, now=now, progress=unwatched)
    db.close()
    return settings.artifacts_dir, made


@pytest.fixture
def model(db, settings, trained):
    """Enter a model; `seen` is the last week that it says it has learned from."""
    shutil.copytree(trained[0], settings.artifacts_dir)
    with db.begin() as session:
        planted.company(session, accounts=20)

    def enter(weeks_ago, *, seen=None):
        made, now = trained[1][weeks_ago], make.MONDAY - timedelta(weeks=weeks_ago)
        window = made.card["window"] | ({"fitted_through": seen.isoformat()} if seen else {})
        with db.begin() as session:
            card = made.card | {"window": window}
            return actions.register(session, made.version, made.sha256, card, made.line, by="test", now=now)

    return enter


def hold(db, settings, *models):
    with db.read() as session:
        return contest.hold(session, settings, models, now=make.MONDAY, progress=unwatched)


def test_both_are_judged_as_shipped_on_weeks_that_neither_has_seen(db, settings, model):
    older, newer = model(9), model(6)

    found = hold(db, settings, newer, older)

    assert (found.older, found.newer, found.stand_in) == (older.version, newer.version, False)
    assert found.first.date().isoformat() >= newer.card["window"]["fitted_through"]
    assert found.evidence["account_days"] == found.evidence["accounts"] * found.evidence["days"] == 20 * 4
    _, low, high = found.evidence["average_precision_gain"]
    assert low <= 0 <= high


def test_a_newer_one_that_has_seen_them_is_stood_in_for_by_its_training_as_of_then(model, cli):
    older, newer = model(9), model(6, seen=(make.MONDAY - timedelta(days=14)).date())

    said = cli("models", "compare", older.version, newer.version).stdout

    assert "On the same weeks, 20" in said
    assert "140 account-weeks of 20 accounts" in said
    assert f"{newer.version} has seen these weeks: in its place stands what the same training makes of" in said


def test_without_such_weeks_it_says_from_when_there_will_be_some(db, settings, model, cli):
    older, newer = (model(weeks, seen=(make.MONDAY - timedelta(days=14)).date()) for weeks in (9, 6))

    with pytest.raises(TrainingRefused, match="there will be from about 2026-03-30 on"):
        hold(db, settings, older, newer)
    told = json.loads(cli("models", "compare", older.version, newer.version, "--json").stdout)
    assert told["contest"]["refused"].startswith("there are no 2 weeks with known outcomes")
