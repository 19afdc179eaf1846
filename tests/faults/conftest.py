"""Fault tests run against real processes, on SQLite or on a PostgreSQL of their own that writes to disk as in life."""

import os

import pytest
from sqlalchemy import create_engine, text

from tests import postgres
from tests.conftest import ON_POSTGRESQL
from tests.faults import cluster
from tests.faults.history import History
from tests.mailbox import open_mailbox

FULL = os.environ.get("HEADSUP_FAULTS") == "full"
"""`make faults` takes hours of CPU; what runs with every push is a part of it."""


def size(often: int, full: int) -> int:
    """How many times: with every push, or by `make faults`."""
    return full if FULL else often


@pytest.fixture
def mailbox():
    with open_mailbox() as box:
        yield box


@pytest.fixture
def history(tmp_path):
    return History(tmp_path / "history.jsonl")


@pytest.fixture
def durable_server():
    """A PostgreSQL that may be stopped and started; None on SQLite."""
    if not ON_POSTGRESQL:
        yield None
        return
    with postgres.cluster(options="") as server:
        yield server


@pytest.fixture
def running(tmp_path, mailbox, durable_server):
    """An installed cluster of real processes; the test starts them."""
    url = durable_server.url if durable_server else ""
    folder = tmp_path / "var"
    folder.mkdir()
    with cluster.running(folder, database_url=url, smtp_url=mailbox.url) as it:
        yield it


@pytest.fixture
def own_database(settings):
    """The URL of an empty database that a test may leave as it likes; empty on SQLite, where it is a file anyhow."""
    if not ON_POSTGRESQL:
        return ""
    admin = create_engine(settings.database, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS own WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE own TEMPLATE template0"))
    admin.dispose()
    return settings.database_url.rpartition("/")[0] + "/own"
