"""Commands run in this process, against the test's own database."""

import logging

import pytest
import structlog
from typer.testing import CliRunner

from service.__main__ import build


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
