"""A model trained on the planted company, let to speak in the test's own database over accounts with a recent past."""

import logging
import shutil
from datetime import timedelta

import numpy as np
import pytest
import structlog
from sqlalchemy import insert
from typer.testing import CliRunner

from models import Observation
from service.__main__ import build
from service.kit import schema
from service.kit.database import Database
from service.kit.settings import Settings
from service.scoring import actions
from tests import make
from tests.scoring import planted
from training import backtest, training
from training.window import Asked

ACCOUNTS, DAYS = 80, 120
BEGAN = (make.MONDAY - timedelta(days=240)).date()
KEY = "c2lnbmluZy1rZXktb2YtdGhlLXRlc3Qtc3VpdGUtMDE="


def unwatched(_name, _done, _of):
    pass


@pytest.fixture
def cli(settings, monkeypatch):
    """Run a command line: `cli("watch", "--json")`."""
    monkeypatch.setenv("HEADSUP_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("HEADSUP_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HEADSUP_SIGNING_KEY", settings.signing_key.get_secret_value())
    monkeypatch.setenv("HEADSUP_UNSAFE_DURABILITY", "true")
    handlers, level = logging.root.handlers[:], logging.root.level
    yield lambda *arguments: CliRunner().invoke(build(arguments), list(arguments))
    structlog.reset_defaults()
    logging.root.handlers[:], logging.root.level = handlers, level


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A model, and the folder that its artefact is in."""
    folder = tmp_path_factory.mktemp("made")
    settings = Settings(data_dir=folder, signing_key=KEY, _env_file=None)
    db = Database(settings.database)
    schema.upgrade(db)
    with db.begin() as session:
        planted.company(session)
    with db.read() as session:
        material = backtest.collect(session, Asked(), 14, now=make.MONDAY, progress=unwatched)
    found = training.train(material, settings, seed=0, now=make.MONDAY - timedelta(days=60), progress=unwatched)
    db.close()
    return found, settings.artifacts_dir


@pytest.fixture
def register(db, settings, made):
    """Enter the model, under its own name, as of a moment."""

    def enter(*, at, promote):
        model, artifacts = made
        shutil.copytree(artifacts, settings.artifacts_dir, dirs_exist_ok=True)
        with db.begin() as session:
            actions.register(session, model.version, model.sha256, model.card, model.line, by="test", now=at)
            if promote:
                actions.promote(session, model.version, by="test", now=at)
        return model.version

    return enter


@pytest.fixture
def company(db, register):
    """Eighty accounts with 120 days of values as they were in training, and the model that speaks about them."""
    version = register(at=make.MONDAY - timedelta(days=20), promote=True)
    draw = np.random.default_rng(5)
    with db.begin() as session:
        late = make.metric(session)
        opened = make.metric(session, "open", label="Open orders", unit="orders", **planted.VOLUME)
        accounts = [make.account(session, data_version=1, started_on=BEGAN) for _ in range(ACCOUNTS)]
        for number, account in enumerate(accounts):
            bad = np.repeat(draw.random(DAYS // 14 + 1) < 0.15, 14)[:DAYS]
            values = np.clip(draw.normal(0.05 + 0.5 * bad, 0.03), 0, 1).round(3)
            volume = draw.poisson(3 + number % 5, DAYS)
            moments = [make.MONDAY - timedelta(days=DAYS - day, hours=-13) for day in range(DAYS)]
            rows = [_row(account, late, *pair) for pair in zip(moments, values, strict=True)]
            rows += [_row(account, opened, *pair) for pair in zip(moments, volume, strict=True)]
            session.execute(insert(Observation), rows)
            for day, at in enumerate(moments):
                if draw.random() < (0.2 if bad[max(0, day - 14) : max(0, day - 3)].any() else 0.004):
                    make.complaint(session, account, at=at)
    return version, accounts


def _row(account, metric, at, value):
    return {
        "account_id": account.id, "metric_id": metric.id, "observed_at": at, "value": float(value), "item_id": "",
    }  # fmt: skip
