"""S05: guessing leads nowhere, locks nobody out, and takes little from the others."""

import threading
import time
from contextlib import suppress

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from models import Scope
from service.access import actions, queries, rules, sessions
from service.access.login_door import HASHING_AT_ONCE, REMEMBERED, LoginDoor
from service.kit.errors import TooManyRequests
from tests.conftest import HTML, PASSWORD
from tests.faults.conftest import size

GUESSES, ADDRESSES, EMAIL = size(1_000, 10_000), 200, "ola@example.com"
QUESTIONS = 200


@pytest.fixture
def count(db, clock):
    """Count a try as the login door does; tell whether the password would have been looked at."""

    def one(address="10.0.0.1", email=EMAIL, device=None, attempts=10):
        try:
            with db.begin() as session:
                sessions.count_try(session, sessions.Try(email, address, device), attempts, now=clock.at)
        except TooManyRequests:
            return False
        return True

    return one


def test_of_thousands_of_guesses_from_two_hundred_addresses_ten_are_looked_at(count, later):
    looked_at = []
    for guess in range(GUESSES):
        looked_at.append(count(address=f"10.0.0.{guess % ADDRESSES}"))
        if guess % (GUESSES // 10) == 0:
            later(seconds=1)

    assert sum(looked_at) == 10


def test_no_quarter_of_an_hour_has_more_than_ten(count, clock, later):
    allowed = []
    for _ in range(400):
        if count():
            allowed.append(clock.at)
        later(seconds=30)

    windows = [sum(0 <= (other - one).total_seconds() < 900 for other in allowed) for one in allowed]
    assert max(windows) == 10
    assert len(allowed) > 20


def test_a_clock_that_is_set_back_by_days_keeps_nobody_out_for_days(count, later):
    later(days=7)
    while count():
        pass

    later(days=-7)

    assert sum(count() for _ in range(30)) == 10


def test_one_address_cannot_try_everybody(count):
    assert sum(count(email=f"op{number}@example.com") for number in range(300)) == 100


def test_whoever_is_guessed_at_still_gets_in_with_their_own_browser(app, operator, count):
    operator()
    browser = TestClient(app, headers=HTML, follow_redirects=False)
    browser.post("/login", data={"email": EMAIL, "password": PASSWORD})
    browser.post("/logout")
    while count(address="203.0.113.9"):
        pass
    stranger = TestClient(app, headers=HTML, follow_redirects=False)

    assert stranger.post("/login", data={"email": EMAIL, "password": PASSWORD}).status_code == 429
    assert browser.post("/login", data={"email": EMAIL, "password": PASSWORD}).status_code == 303


def test_who_has_no_try_left_is_refused_without_waiting_for_those_who_write(app, db, clock, operator, count):
    operator()
    stranger = TestClient(app, headers=HTML)
    while count(address="testclient"):
        pass
    with db.begin() as session:
        queries.hold_tries(session, sessions.bucket("login", EMAIL), now=clock.at)
        began = time.monotonic()
        answer = stranger.post("/login", data={"email": EMAIL, "password": PASSWORD})
        took = time.monotonic() - began

    assert answer.status_code == 429
    assert took < 2


def test_who_was_refused_is_refused_again_without_a_look_at_the_database(app, db, operator, count, later):
    operator()
    stranger = TestClient(app, headers=HTML, follow_redirects=False)
    guess = {"email": EMAIL, "password": PASSWORD}
    while count(address="testclient"):
        pass
    assert stranger.post("/login", data=guess).status_code == 429
    asked = []
    event.listen(db.engine, "before_cursor_execute", lambda *what: asked.append(what[2]))

    assert stranger.post("/login", data=guess).status_code == 429
    assert asked == []
    # Another process has forgiven the tries.
    with db.begin() as session:
        for name, _ in sessions.Try(EMAIL, "testclient").buckets(10):
            queries.hold_tries(session, name, now=later()).tries = 0
    later(seconds=REMEMBERED.total_seconds())
    assert stranger.post("/login", data=guess).status_code == 303


def test_one_login_that_is_refused_keeps_out_no_other(app, operator, count):
    operator()
    operator(email="omar@example.com")
    while count(address="203.0.113.9"):
        pass
    browser = TestClient(app, headers=HTML, follow_redirects=False)

    assert browser.post("/login", data={"email": EMAIL, "password": PASSWORD}).status_code == 429
    assert browser.post("/login", data={"email": "omar@example.com", "password": PASSWORD}).status_code == 303


def test_guesses_make_nobody_read_the_risk_list_anew(app, db, operator):
    operator()
    before = db.written.current

    TestClient(app, headers=HTML).post("/login", data={"email": EMAIL, "password": "wrong wrong wrong"})

    assert db.written.current is before


def test_a_known_browser_may_guess_no_more_than_others(app, operator, later):
    operator()
    browser = TestClient(app, headers=HTML, follow_redirects=False)
    browser.post("/login", data={"email": EMAIL, "password": PASSWORD})
    mark = browser.cookies["headsup-device"]
    attempt = sessions.Try(EMAIL, "", sessions.known_device(app.state.settings, EMAIL, mark))

    assert attempt.device
    assert len(attempt.buckets(10)) == 1
    assert sessions.known_device(app.state.settings, "omar@example.com", mark) is None
    assert sessions.known_device(app.state.settings, EMAIL, mark[:-1]) is None


def test_several_processes_count_together(count, settings, db, clock):
    other = type(db)(settings.database)
    tried = sum(count() for _ in range(6))

    for _ in range(10):
        try:
            with other.begin() as session:
                sessions.count_try(session, sessions.Try(EMAIL, "10.0.0.2"), 10, now=clock.at)
            tried += 1
        except TooManyRequests:
            break
    other.close()

    assert tried == 10


def test_tries_that_come_at_once_are_counted_one_by_one(count):
    results, barrier = [], threading.Barrier(20)

    def guess():
        barrier.wait()
        results.append(count())

    threads = [threading.Thread(target=guess) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(results) == 10


@pytest.mark.parametrize("checksum", ["right", "guessed"])
def test_of_thousands_of_guessed_keys_none_opens_and_none_without_its_checksum_is_looked_up(db, clock, checksum):
    with db.begin() as session:
        real = actions.create_key(session, "tms", [Scope.ADMIN], by="test", now=clock.at)
    guesses = [rules.new_key() for _ in range(GUESSES // 2 - 1)]
    texts = [real[:16] + each.text[16:] for each in guesses]
    if checksum == "right":
        pairs = [(real[3:15], text.split("_")[2]) for text in texts]
        texts = [f"hu_{public_id}_{secret}_{rules.checksum(public_id, secret)}" for public_id, secret in pairs]
    looked_up = []
    event.listen(db.engine, "before_cursor_execute", lambda *asked: looked_up.append(asked[2]))

    opened = [text for text in [*texts, real] if opens(db, text, clock.at)]

    assert opened == [real]
    assert (
        len([each for each in looked_up if "FROM api_keys" in each]) == (len(texts) if checksum == "right" else 0) + 1
    )


def opens(db, text, now):
    try:
        with db.read() as session:
            return actions.authenticate_key(session, text, now=now)
    except rules.KeyInvalid:
        return False


def test_passwords_are_hashed_with_argon2id_and_enough_work():
    assert "$argon2id$" in sessions.NOBODY
    assert (actions.HASHER.memory_cost, actions.HASHER.time_cost, actions.HASHER.parallelism) == (65_536, 3, 1)


def test_a_crowd_at_the_login_leaves_threads_and_cores_for_the_api(app, api, operator):
    operator()
    quiet = sorted(asked(api) for _ in range(QUESTIONS))
    crowd = [threading.Thread(target=_sign_in, args=(app, f"op{number}@example.com")) for number in range(60)]
    for each in crowd:
        each.start()
    busy = []
    while any(each.is_alive() for each in crowd):
        busy.append(asked(api))
    for each in crowd:
        each.join()

    before, after = p99(quiet), p99(sorted(busy))
    print({"p99_quiet_ms": round(1e3 * before, 1), "p99_guessed_ms": round(1e3 * after, 1)})  # noqa: T201 (figures)
    assert len(busy) > 3
    assert sorted(busy)[len(busy) // 2] < 1


def asked(api):
    """The seconds of one question to the API."""
    began = time.perf_counter()
    assert api.get("/v1/metrics").status_code == 200
    return time.perf_counter() - began


def p99(ordered):
    return ordered[-max(1, len(ordered) // 100)]


def test_passwords_are_hashed_one_at_a_time_and_few_wait_for_it():
    door, inside, most, futures = LoginDoor(), [], [], []

    def hash_one():
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.02)
        inside.pop()

    for _ in range(40):
        with suppress(TooManyRequests):
            futures.append(door.hashing.begin(hash_one))
    for each in futures:
        each.result()

    assert max(most) == HASHING_AT_ONCE
    assert 2 < len(most) < 40  # the others were told to come again
    assert door.hashing.begin(lambda: "a place is free again").result()


def _sign_in(app, email):
    TestClient(app, headers=HTML).post("/login", data={"email": email, "password": "x" * 20})


def test_tries_of_long_ago_are_forgotten(db, count, clock, later):
    count()
    later(days=2)

    with db.begin() as session:
        queries.drop_old_tries(session, before=clock.at - sessions.KEEP_TRIES)
        left = session.get(sessions.queries.LoginTries, sessions.bucket("login", EMAIL))

    assert left is None
