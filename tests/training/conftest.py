"""Commands run in this process, against the test's own database; two trained models to run them on."""

import logging
import shutil
from datetime import timedelta

import pytest
import structlog
from typer.testing import CliRunner

from service.__main__ import build
from service.kit import schema
from service.kit.database import Database
from service.kit.settings import Settings
from service.scoring import actions
from tests import make
from tests.scoring import planted
from training import backtest, training
from training.window import Asked

EARLIER = (make.MONDAY - timedelta(weeks=13)).date()


@pytest.fixture
def cli(settings, monkeypatch):
    """Run a command line: `cli("train", "--promote")`."""
    monkeypatch.setenv("HEADSUP_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("HEADSUP_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HEADSUP_SIGNING_KEY", settings.signing_key.get_secret_value())
    handlers, level = logging.root.handlers[:], logging.root.level
    yield lambda *arguments: CliRunner().invoke(build(arguments), list(arguments))
    structlog.reset_defaults()
    logging.root.handlers[:], logging.root.level = handlers, level


def unwatched(_name, _done, _of):
    pass


@pytest.fixture(scope="session")
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
