"""S15: the audit log shows whoever changes it, and stands and falls with the change that it tells of."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from sqlalchemy import event, text

from service.access import actions, audit
from tests.security.policy import POLICY
from tests.security.tour import WITH_A_MODEL, WRITES, Tour, go

LINES = 40


@pytest.fixture
def chain(db, later):
    """A log of some lines, written in several transactions."""
    for batch in range(8):
        with db.begin() as session:
            for number in range(LINES // 8):
                detail = {"risk": 0.25 * number, "name": f"Zoë {batch}", "left": [1, None, True]}
                actions.record(session, "ola@example.com", "alert.snoozed", str(number), now=later(seconds=1), **detail)
    return db


def verified(db):
    with db.read() as session:
        return audit.verify(session)


def test_a_log_that_nobody_touched_is_sound(chain):
    found = verified(chain)

    assert (found.sound, found.entries, found.broken_at) == (True, LINES, None)


EDITS = {
    "at": "'2026-03-01 00:00:00+00:00'",
    "actor": "'sam@example.com'",
    "action": "'alert.resolved'",
    "subject": "'other'",
    "detail": "'{}'",
    "hash": f"'{'0' * 64}'",
}


def edited(rng, session):
    column = rng.choice(list(EDITS))
    change = f"UPDATE audit_entries SET {column} = {EDITS[column]} WHERE id = :id"  # noqa: S608 (all of it stands above)
    session.execute(text(change), {"id": rng.randint(1, LINES)})


def deleted(rng, session):
    session.execute(text("DELETE FROM audit_entries WHERE id = :id"), {"id": rng.randint(1, LINES)})


def cut_off(rng, session):
    session.execute(text("DELETE FROM audit_entries WHERE id > :id"), {"id": rng.randint(0, LINES - 1)})


def swapped(rng, session):
    one, other = rng.sample(range(1, LINES + 1), 2)
    for old, new in ((one, 9_999), (other, one), (9_999, other)):
        session.execute(text("UPDATE audit_entries SET id = :new WHERE id = :old"), {"old": old, "new": new})


def added(rng, session):
    copy = "SELECT :id, at, actor, action, subject, detail, hash FROM audit_entries WHERE id = 1"
    session.execute(
        text(f"INSERT INTO audit_entries (id, at, actor, action, subject, detail, hash) {copy}"),
        {"id": LINES + rng.randint(1, 99)},
    )


@pytest.mark.parametrize("tamper", [edited, deleted, swapped, cut_off, added])
def test_every_one_of_a_hundred_changes_is_found(chain, tamper):
    rng = random.Random(4)  # noqa: S311 (the same hundred each time)
    found = 0
    for _ in range(100):
        with chain.engine.connect() as connection, connection.begin() as transaction:
            tamper(rng, connection)
            with audit.Session(connection) as session:
                found += not audit.verify(session).sound
            transaction.rollback()

    assert found == 100
    assert verified(chain).sound


def test_two_who_write_at_one_time_make_one_chain(db, clock):
    numbers = count()

    def write(_):
        with db.begin() as session:
            actions.record(session, "ola", "a.b", str(next(numbers)), now=clock.at)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))

    assert (verified(db).sound, verified(db).entries) == (True, 40)


def test_the_command_says_what_it_found(cli, db, clock):
    cli("init", "--email", "lena@example.com")
    sound = json.loads(cli("audit", "verify", "--json").stdout)
    kept = cli("audit", "verify", "--expect", sound["head"])
    with db.begin() as session:
        session.execute(text("UPDATE audit_entries SET actor = 'nobody'"))

    broken = cli("audit", "verify", "--json")

    assert (sound["sound"], sound["entries"], kept.exit_code) == (True, 1, 0)
    assert cli("audit", "verify", "--expect", "f" * 64).exit_code == 1
    assert (broken.exit_code, json.loads(broken.stdout)["broken_at"]) == (1, 1)


@pytest.fixture
def tour(api, ola, db, settings):
    return Tour(api, ola, db, settings)


def test_every_route_that_changes_something_is_on_the_tour():
    changing = {route for route in POLICY if not route.startswith(("GET", "HEAD"))}

    assert changing == set(WRITES) | WITH_A_MODEL


def test_each_change_is_one_line(tour, db):
    wrong = {}
    for route, (_, lines) in WRITES.items():
        before = verified(db).entries
        _, answer = go(tour, route)
        written = verified(db).entries - before
        if written != lines or answer.status_code >= 400:
            wrong[route] = (answer.status_code, written, answer.text[:200])

    assert wrong == {}
    assert verified(db).sound


def test_no_change_that_fails_to_commit_leaves_a_line(tour, db):
    def fail(_connection):
        raise RuntimeError

    go(tour, "POST /v1/observations")
    for route in set(WRITES) - {"POST /login", "POST /login/code", "POST /logout", "POST /here"}:
        names = tour.alert()
        tour.another_browser()
        tour.factor(proven=route not in {"POST /you/factor", "POST /you/factor/on"})
        before = verified(db).entries
        event.listen(db.engine, "commit", fail)
        answer = undone(tour, route, names)
        event.remove(db.engine, "commit", fail)

        assert (answer.status_code, verified(db).entries - before) == (500, 0), route


def undone(tour, route, names):
    tour.alert, tour.another_browser = lambda: names, dict
    try:
        return go(tour, route)[1]
    finally:
        del tour.alert, tour.another_browser
