"""Writers that share a commit: each gets its own answer, and what is wrong with one is no other's trouble."""

import threading
from functools import partial

import pytest
from sqlalchemy import event, select

from models import Metric
from service.kit.errors import Conflict
from tests import make
from tests.conftest import ON_POSTGRESQL
from tests.together import together

one_writer = pytest.mark.skipif(ON_POSTGRESQL, reason="there many write at a time")
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

    def run(calls):
        commits.clear()
        return together(db, calls), len(commits)

    return run


@pytest.fixture
def alone(db):
    """Calls that write each by itself, and share no more than a commit."""

    def calls(works, rows=1):
        return [partial(db.together, work, rows=rows) for work in works]

    return calls


def stored(db):
    with db.read() as session:
        return set(session.scalars(select(Metric.external_id)))


@one_writer
def test_those_who_wait_together_are_committed_together(db, written, alone):
    names = [f"m{n}" for n in range(WRITERS)]

    got, commits = written(alone([adding(name) for name in names]))

    assert (got, commits) == (names, 1)
    assert stored(db) == set(names)


@one_writer
def test_what_is_wrong_with_one_is_undone_and_told_to_it_alone(db, written, alone):
    got, _ = written(alone([adding("good"), adding("bad", wrong=True), adding("fine")]))

    assert got[0] == "good"
    assert isinstance(got[1], Conflict)
    assert stored(db) == {"good", "fine"}


@one_writer
def test_a_group_is_no_larger_than_the_largest_request(written, alone):
    _, commits = written(alone([adding(f"m{n}") for n in range(4)], rows=5_000))

    assert commits == 2


def naming(session, names):
    """Work that is done once for all that wait for it."""
    for name in names:
        adding(name, wrong=name.startswith("bad"))(session)
    return [(name, len(names)) for name in names]


def test_what_is_alike_is_done_in_one_call_and_each_gets_its_own_answer(db, written):
    names = [f"m{n}" for n in range(WRITERS)]

    got, commits = written([partial(db.merged, naming, name, rows=1) for name in names])

    assert (got, commits) == ([(name, WRITERS) for name in names], 1)
    assert stored(db) == set(names)


def test_what_is_wrong_with_one_of_those_alike_is_told_to_it_alone(db, written):
    got, _ = written([partial(db.merged, naming, name, rows=1) for name in ("good", "bad", "fine")])

    assert [got[0], got[2]] == [("good", 1), ("fine", 1)]
    assert isinstance(got[1], Conflict)
    assert stored(db) == {"good", "fine"}


@one_writer
def test_what_is_alike_does_not_overtake_what_came_between(written, alone, db):
    first, last = (partial(db.merged, naming, name, rows=1) for name in ("m0", "m2"))

    got, commits = written([first, *alone([adding("m1")]), last])

    assert (got, commits) == ([("m0", 1), "m1", ("m2", 1)], 1)


@one_writer
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
