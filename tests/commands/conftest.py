"""Commands run in this process, against the test's own database."""

import logging

import pytest
import structlog
from typer.testing import CliRunner

from service.__main__ import build


@pytest.fixture
def cli(settings, monkeypatch):
    """Run a command line: `cli("key", "list")`. Only the environment tells it where the installation is."""
    monkeypatch.setenv("HEADSUP_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("HEADSUP_DATABASE_URL", settings.database_url)
    # The test run's PostgreSQL does not wait for the disk.
    monkeypatch.setenv("HEADSUP_UNSAFE_DURABILITY", "true")
    handlers, level = logging.root.handlers[:], logging.root.level

    def run(*arguments, stdin=None):
        return CliRunner().invoke(build(arguments), list(arguments), input=stdin)

    yield run
    # Commands set up logs on the streams of the moment.
    structlog.reset_defaults()
    logging.root.handlers[:], logging.root.level = handlers, level


@pytest.fixture
def installed(cli):
    """An installation that `headsup init` made, and what that printed."""
    return cli("init", "--email", "lena@example.com")
