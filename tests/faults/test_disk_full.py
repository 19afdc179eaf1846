"""A full disk is said as such: nothing is confirmed that is not stored, reading goes on, and space heals it."""

import os
import shutil
import subprocess
import time

import httpx2
import pytest
from sqlalchemy import event, text

from models import Observation
from tests.conftest import ON_POSTGRESQL
from tests.faults import cluster
from tests.faults.cluster import wait_until
from tests.faults.seed import tell

pytestmark = pytest.mark.skipif(ON_POSTGRESQL, reason="the embedded database is on the same disk as Headsup")
ROWS = 500


@pytest.fixture
def limit(db):
    """Let the database grow by so many pages and no more; None lifts it."""
    most = {"pages": 2**30}

    @event.listens_for(db.engine, "checkout")
    def _limit(connection, _record, _proxy):
        connection.execute(f"PRAGMA max_page_count={most['pages']}")

    def set_to(more):
        with db.engine.connect() as connection:
            pages = connection.scalar(text("PRAGMA page_count"))
        most["pages"] = pages + more if more is not None else 2**30

    return set_to


def rows(n):
    return [
        {
            "account_id": "northwind",
            "metric": "late_share",
            "observed_at": "2026-03-02T11:00:00Z",
            "value": 0.5,
            "item_id": f"{n}-{each}-{'x' * 100}",
        }
        for each in range(ROWS)
    ]


def test_nothing_false_is_confirmed_on_a_full_disk_and_space_heals_it(api, db, limit):
    limit(60)
    answers, confirmed = [], 0
    for n in range(10):
        answer = api.post("/v1/observations", json={"observations": rows(n)})
        answers.append((answer.status_code, "retry-after" in answer.headers))
        confirmed += ROWS if answer.status_code == 200 else 0
    reading = api.get("/v1/accounts").status_code
    with db.read() as session:
        stored, sound = session.query(Observation).count(), session.scalar(text("PRAGMA integrity_check"))
    limit(None)
    healed = api.post("/v1/observations", json={"observations": rows(99)}).status_code

    assert set(answers) == {(200, False), (503, True)}
    assert stored == confirmed
    assert (reading, sound, healed) == (200, "ok", 200)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 64 MB, which only root may make."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(command, check=False).returncode:
        pytest.skip("no disk can be made here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S607


def fill(path, but):
    """Take all room of the disk except so many bytes."""
    with path.open("wb") as file:
        file.truncate(0)
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(path.parent).free - but)


def heal(folder, client):
    """Make room; what is sent is to be stored again within ten seconds."""
    (folder / "ballast").unlink()
    freed = time.monotonic()
    while client.post("/v1/observations", json={"observations": rows(99)}).status_code != 200:
        assert time.monotonic() < freed + 10


def test_a_real_disk_that_fills_up_is_told_of_and_space_heals_it_without_a_restart(small_disk, mailbox, history):
    with cluster.running(small_disk, smtp_url=mailbox.url) as running:
        with httpx2.Client(base_url=running.url, timeout=60) as client:
            client.headers["Authorization"] = f"Bearer {running.install()}"
            running.start()
            running.wait_ready()
            address = tell(running.db, history)
            fill(small_disk / "ballast", but=3 * 2**20)
            warned = client.get("/health/pipeline").json()["standing_still"]
            answers = [client.post("/v1/observations", json={"observations": rows(n)}) for n in range(30)]
            reading = client.get("/v1/accounts").status_code
            heal(small_disk, client)
        wait_until(lambda: mailbox.to(address), "the worker goes on", 60)
        confirmed = ROWS * (1 + sum(answer.status_code == 200 for answer in answers))
        with running.db.read() as session:
            stored, sound = session.query(Observation).count(), session.scalar(text("PRAGMA integrity_check"))

    assert any(what.startswith("disk: 9") for what in warned)
    assert {(answer.status_code, "retry-after" in answer.headers) for answer in answers} == {(200, False), (503, True)}
    assert (reading, stored, sound) == (200, confirmed, "ok")
