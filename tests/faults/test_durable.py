"""What is confirmed is on disk before it is confirmed, and a database that works otherwise is refused."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from service.commands import run
from service.kit import durability, schema
from service.kit.database import Database
from service.kit.settings import Settings
from tests import postgres
from tests.conftest import ON_POSTGRESQL
from tests.faults.clients import Sender, busy
from tests.faults.cluster import people_of, wait_until
from tests.faults.conftest import size
from tests.faults.history import Outcome

COPIES, LEAST_ANSWERS = size(40, 200), 5
SYNCED = re.compile(r"\b(?:fdatasync|fsync)(?:\(\d+| resumed>).*= 0")
ACCEPTED = re.compile(r"\b(?:sendto|write|writev|sendmsg)\(\d+, .*HTTP/1\.1 200")


@pytest.mark.skipif(ON_POSTGRESQL, reason="the embedded database's files are copied; PostgreSQL has backups")
def test_a_copy_taken_at_any_instant_is_sound_and_holds_what_was_confirmed_before(running, history, tmp_path):
    key = running.install()
    accounts = people_of(running.db, 10)
    running.start()
    running.wait_ready()
    taken = []
    with busy([Sender(f"sender-{n}", running.url, key, history, pause=0.01, accounts=accounts) for n in range(4)]):
        for n in range(COPIES):
            wait_until(lambda n=n: len(confirmed(history)) > n, "answers come", 60)
            at = time.time()
            taken.append((at, _copy(running, tmp_path / f"copy-{n}")))

    answers = confirmed(history)
    wrong = [folder for at, folder in taken if not _holds(folder, [of for when, of in answers if when < at])]
    assert wrong == []
    assert len(answers) > COPIES


def confirmed(history):
    """What was confirmed, and when."""
    return [(event.at, event.of) for event in history.events() if event.outcome is Outcome.OK]


def _copy(running, folder):
    """What a power cut would leave: the processes are halted, so that both files are of one instant."""
    folder.mkdir()
    for name in running.names:
        running.signal(name, signal.SIGSTOP)
    try:
        for name in ("headsup.db", "headsup.db-wal"):
            shutil.copy(running.folder / name, folder / name)
    finally:
        for name in running.names:
            running.signal(name, signal.SIGCONT)
    return folder


def _holds(folder, confirmed):
    with sqlite3.connect(folder / "headsup.db") as connection:
        sound = connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        items = {item.rpartition("-")[0] for (item,) in connection.execute("SELECT item_id FROM observations")}
    connection.close()
    return sound and set(confirmed) <= items


@pytest.mark.skipif(ON_POSTGRESQL, reason="there PostgreSQL syncs, and its settings are looked at")
def test_each_answer_follows_a_sync(running, history, tmp_path):
    if shutil.which("strace") is None or subprocess.run(["strace", "-o", os.devnull, "true"], check=False).returncode:  # noqa: S607
        pytest.skip("strace is not installed, or may not look")
    key = running.install()
    accounts = people_of(running.db, 2)
    # Only what answers a request is to be seen syncing.
    running.environment["HEADSUP_WORKER_SECONDS"] = "1000"
    running.start()
    running.wait_ready()
    trace = tmp_path / "trace"
    calls = "trace=fdatasync,fsync,sendto,write,writev,sendmsg"
    command = ["strace", "-f", "-s", "40", "-e", calls, "-p", str(running.pid("api")), "-o", str(trace)]
    # A shell lets its background jobs ignore an interrupt, and so would what they start.
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as tracer, ExitStack() as at_end:
        at_end.callback(tracer.terminate)
        status = Path(f"/proc/{running.pid('api')}/status")
        wait_until(lambda: "TracerPid:\t0" not in status.read_text(), "strace looks", 60)
        # One client only, so that no other request's sync stands before its answer.
        with busy([Sender("sender", running.url, key, history, pause=0.05, accounts=accounts)]):
            wait_until(lambda: len(confirmed(history)) > 2 * LEAST_ANSWERS, "answers come", 120)

    synced, answers, unsynced = False, 0, 0
    for line in trace.read_text(errors="replace").splitlines():
        synced = synced or bool(SYNCED.search(line))
        if ACCEPTED.search(line):
            answers, unsynced, synced = answers + 1, unsynced + (not synced), False
    assert answers > LEAST_ANSWERS
    assert unsynced == 0


def test_this_installation_is_durable(running):
    running.install()

    durability.check(running.db)


def test_an_embedded_database_that_does_not_wait_for_the_disk_is_refused(tmp_path):
    db = Database(f"sqlite:///{tmp_path}/headsup.db")
    with db.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA synchronous=NORMAL")

    with pytest.raises(durability.NotDurable, match="synchronous is 1"):
        durability.check(db)
    db.close()


@pytest.mark.skipif(not ON_POSTGRESQL, reason="it is about PostgreSQL's settings")
@pytest.mark.parametrize("careless", ["fsync", "synchronous_commit", "full_page_writes"])
def test_a_server_that_does_not_wait_for_the_disk_is_refused_unless_it_is_wanted(careless, tmp_path):
    with postgres.cluster(options=f"-c {careless}=off") as server:
        settings = Settings(data_dir=tmp_path, database_url=server.url, _env_file=None)
        db = Database(settings.database)
        schema.upgrade(db)
        db.close()

        with pytest.raises(durability.NotDurable, match=f"{careless} is off"):
            run.open_durable(settings)

        run.open_durable(settings.model_copy(update={"unsafe_durability": True})).close()
