"""Writers that share a commit: each gets its own answer, and what is wrong with one is no other's trouble."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, select

from models import Metric
from service.kit.errors import Conflict
from tests import make
from tests.conftest import ON_POSTGRESQL

pytestmark = pytest.mark.skipif(ON_POSTGRESQL, reason="there many write at a time")
WRITERS = 12


def adding(name, *, wrong=False):
    """Work that adds a metric, and may find after that it must not."""

    def work(session):
        session.add(Metric(external_id=name, label=name, created_at=make.MONDAY, updated_at=make.MONDAY))
        session.flush()
        if wrong:
            raise Conflict(name)
        return name

    return work


@pytest.fixture
def written(db):
    """Let all of these works wait behind one writer; tell what each got, and how many commits that took."""
    commits = []
    event.listen(db.engine, "commit", lambda _connection: commits.append(1))

    def run(works, **size):
        with ThreadPoolExecutor(len(works)) as pool:
            with db.begin():
                waiting = [pool.submit(db.together, work, **size or {"rows": 1}) for work in works]
                until = time.monotonic() + 30
                while len(db._groups._waiting) < len(works) and time.monotonic() < until:  # noqa: SLF001
                    time.sleep(0.001)
                commits.clear()
            got = [each.exception(30) or each.result() for each in waiting]
        return got, len(commits)

    return run


def stored(db):
    with db.read() as session:
        return set(session.scalars(select(Metric.external_id)))


def test_those_who_wait_together_are_committed_together(db, written):
    names = [f"m{n}" for n in range(WRITERS)]

    got, commits = written([adding(name) for name in names])

    assert (got, commits) == (names, 1)
    assert stored(db) == set(names)


def test_what_is_wrong_with_one_is_undone_and_told_to_it_alone(db, written):
    got, _ = written([adding("good"), adding("bad", wrong=True), adding("fine")])

    assert got[0] == "good"
    assert isinstance(got[1], Conflict)
    assert stored(db) == {"good", "fine"}


def test_a_group_is_no_larger_than_the_largest_request(written):
    _, commits = written([adding(f"m{n}") for n in range(4)], rows=5_000)

    assert commits == 2


def test_who_gives_up_waiting_is_not_done_later(db, monkeypatch):
    monkeypatch.setattr("service.kit.database.TURN_SECONDS", 0.05)
    refused = []

    def wait():
        try:
            db.together(adding("late"), rows=1)
        except Exception as error:  # noqa: BLE001  it is looked at below
            refused.append(error)

    with db.begin():
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join(30)
    db.together(adding("next"), rows=1)

    assert len(refused) == 1
    assert stored(db) == {"next"}
