"""An SQLite that can lose pages is worked with by one process at a time, and `headsup check` says so."""

import json
import os
import signal
import sqlite3
import subprocess
import sys

import pytest

from service.kit import sqlite
from tests.conftest import ON_POSTGRESQL
from tests.faults.cluster import SETTINGS

pytestmark = [
    pytest.mark.skipif(ON_POSTGRESQL, reason="it is about the embedded database"),
    pytest.mark.skipif(sqlite3.sqlite_version_info >= sqlite.SOUND, reason="Python's own SQLite is sound here"),
]
# The package that brings a newer one is not there: Python's own is taken.
OLD = "import sys; sys.modules['pysqlite3'] = None; from service.__main__ import main; main()"


@pytest.fixture
def old(db, settings):
    """Run a command with the old library; what still runs at the end is killed."""
    started = []

    def run(*arguments):
        environment = os.environ | SETTINGS | {"HEADSUP_DATA_DIR": str(settings.data_dir), "HEADSUP_DATABASE_URL": ""}
        process = subprocess.Popen(
            [sys.executable, "-c", OLD, *arguments],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def line_with(process, words):
    return next((line for line in process.stderr if words in line), None)


@pytest.mark.parametrize("second", [("serve", "--port", "0"), ("worker",)])
def test_a_second_process_is_refused_until_the_first_has_ended(old, second):
    first = old("serve", "--port", "0")
    assert line_with(first, "only this process may work")
    assert line_with(first, "Headsup is at")

    refused = old(*second)
    code, words = refused.wait(60), refused.stderr.read()
    first.send_signal(signal.SIGKILL)
    first.wait(60)
    following = old("serve", "--port", "0")

    assert code == 1
    assert "Another process works on this embedded database" in words
    assert line_with(following, "Headsup is at")


def test_check_names_the_library(old):
    answer, _ = old("check", "--json").communicate(timeout=60)
    found = {finding["about"]: finding for finding in json.loads(answer)["findings"]}

    assert found["SQLite"]["state"] == "warning"
    assert sqlite3.sqlite_version in found["SQLite"]["detail"]
