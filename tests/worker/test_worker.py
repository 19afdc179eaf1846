"""The worker does everything once a round, and nothing that happens in a step ends it."""

import threading
from datetime import date, timedelta
from time import monotonic

import pytest
from structlog.testing import capture_logs

from models import Alert, Score, WorkerStep
from service import worker
from service.kit.clock import SystemClock
from service.kit.errors import Unavailable
from tests import make


@pytest.fixture
def step(db):
    def read(name):
        with db.read() as session:
            return session.get(WorkerStep, name)

    return read


@pytest.fixture
def steps(monkeypatch):
    """Let the worker have these steps only."""

    def only(*those):
        for name, wanted in {"STEPS": those, "REHEARSING": (), "BESIDE": ()}.items():
            monkeypatch.setattr(worker, name, wanted)

    return only


def slipping(session):
    """An account with three metrics that were fine for two months and have been bad for ten days."""
    account = make.account(session, started_on=date(2025, 1, 1))
    for key in ("late_share", "damaged_share", "short_share"):
        make.daily(session, account, make.metric(session, key), [0.02, 0.03] * 30 + [0.6] * 10)
    return account


def broken(db, settings, *, now):
    msg = "rita@example.com"
    raise LookupError(msg)


def troubled(db, settings, *, now):
    raise Unavailable("The relay is down.")


def well(db, settings, *, now):
    return 3


def test_a_round_scores_opens_and_writes_down_that_it_did(db, settings, clock, step):
    with db.begin() as session:
        account = slipping(session)

    done = worker.tick(db, settings, now=clock.at)

    assert (done["score"], done["review"]) == (1, 1)
    with db.read() as session:
        assert session.get(Score, account.id).risk > 0.5
        assert session.query(Alert).one().account_id == account.id
    assert [step(name).ended_at for name, _ in worker.STEPS] == [clock.at] * len(worker.STEPS)


def test_a_second_round_finds_nothing_to_do(db, settings, clock):
    with db.begin() as session:
        slipping(session)
    worker.tick(db, settings, now=clock.at)

    assert set(worker.tick(db, settings, now=clock.at).values()) == {0}


def test_a_step_that_fails_stops_no_other(db, settings, clock, steps, step):
    steps(("broken", broken), ("well", well))

    assert worker.tick(db, settings, now=clock.at) == {"broken": 0, "well": 3}
    assert step("broken").failed_at == clock.at
    assert step("broken").ended_at is None
    assert step("well").note == {"done": 3}


def test_a_note_of_an_error_tells_kind_and_place_and_quotes_nobody(db, settings, clock, steps, step):
    steps(("broken", broken))

    worker.tick(db, settings, now=clock.at)

    assert step("broken").error.startswith("LookupError at test_worker.py:")
    assert "rita" not in step("broken").error


def test_trouble_that_a_step_explains_is_shown_and_leaves_the_service_ready(db, settings, clock, steps, step):
    steps(("troubled", troubled))

    worker.tick(db, settings, now=clock.at)

    assert step("troubled").error == "The relay is down."
    assert step("troubled").ended_at == clock.at


def test_an_error_that_is_over_stays_to_be_read_and_is_older_than_the_success(db, settings, clock, later, steps, step):  # noqa: PLR0917
    steps(("it", broken))
    worker.tick(db, settings, now=clock.at)
    steps(("it", well))

    worker.tick(db, settings, now=later(minutes=1))

    assert step("it").error
    assert step("it").failed_at < step("it").ended_at


def test_the_loop_ends_promptly_when_told(db, settings):
    stop = threading.Event()
    loop = threading.Thread(
        target=worker.run, args=(db, settings.model_copy(update={"worker_seconds": 60}), SystemClock(), stop)
    )
    loop.start()
    started = monotonic()

    stop.set()
    loop.join(10)

    assert not loop.is_alive()
    assert monotonic() - started < 10


def test_no_step_begins_after_the_end_was_told(db, settings, clock, steps):
    stop = threading.Event()
    begun = []

    def last(db, settings, *, now):
        begun.append("last")
        stop.set()
        return 0

    def never(db, settings, *, now):
        begun.append("never")
        return 0

    steps(("last", last), ("never", never))
    worker.run(db, settings.model_copy(update={"worker_seconds": 60}), clock, stop)

    assert begun == ["last"]


def test_the_loop_outlives_a_database_that_is_away(db, settings, clock, steps, step, tmp_path):  # noqa: PLR0917
    stop = threading.Event()
    away = type(db)(f"sqlite:///{tmp_path}/nowhere/headsup.db")
    rounds = []

    def counted(_db, settings, *, now):
        rounds.append(now)
        if len(rounds) == 2:
            stop.set()
        with away.begin() as session:
            return session.query(Alert).count()

    steps(("counted", counted))
    with capture_logs():
        worker.run(away, settings.model_copy(update={"worker_seconds": 0.01}), clock, stop)

    assert len(rounds) == 2


def test_each_step_of_the_loop_gets_the_time_at_which_it_begins(db, settings, clock, steps):
    stop = threading.Event()
    seen = []

    def slow(db, settings, *, now):
        seen.append(now)
        clock.at += timedelta(minutes=2)
        return 0

    def after(db, settings, *, now):
        seen.append(now)
        stop.set()
        return 0

    steps(("slow", slow), ("after", after))
    worker.run(db, settings, clock, stop)

    assert seen == [make.MONDAY, make.MONDAY + timedelta(minutes=2)]


def test_a_slow_mail_relay_delays_no_score(db, settings, clock, steps):
    stop, sending = threading.Event(), threading.Event()
    scored = []

    def send(db, settings, *, now):
        sending.set()
        stop.wait(20)
        return 0

    def score(db, settings, *, now):
        assert sending.wait(10)
        scored.append(now)
        stop.set()
        return 1

    steps(("send", send), ("score", score))
    worker.run(db, settings, clock, stop)

    assert len(scored) == 1
