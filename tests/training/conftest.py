"""Commands run in this process, against the test's own database; two trained models to run them on."""

import logging
import shutil
from datetime import timedelta

import numpy as np
import pytest
import structlog
from typer.testing import CliRunner

from service.__main__ import build
from service.scoring import actions
from tests import make
from tests.training import learned
from tests.training.learned import unwatched  # noqa: F401, others take it from here
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


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Two versions on disk: the second has a test that began some weeks earlier."""
    db, settings = learned.database(tmp_path_factory.mktemp("planted"), accounts=25)
    asked = {make.MONDAY: Asked(), make.MONDAY + timedelta(days=1): Asked(test_from=EARLIER)}
    models = []
    for now, window in asked.items():
        with db.read() as session:
            material = learned.collected(session, window)
        models.append(learned.trained(material, settings, now))
    db.close()
    return settings.artifacts_dir, models


@pytest.fixture
def versions(made, db, settings):
    folder, models = made
    shutil.copytree(folder, settings.artifacts_dir)
    with db.begin() as session:
        for days, model in enumerate(models):
            now = make.MONDAY + timedelta(days=days)
            actions.register(session, model.version, model.sha256, model.card, model.line, by="test", now=now)
    return [model.version for model in models]


@pytest.fixture
def drawn():
    """Account, outcome and score of rows: who has a higher score complains more; many scores are equal."""
    draw = np.random.default_rng(1)
    account = np.repeat(np.arange(300), 10)
    score = (draw.random(300).repeat(10) + draw.random(3000)).round(1)
    return account, draw.random(3000) < score / 4, score
