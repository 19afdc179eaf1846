"""Who gets in, for how long, and that nobody else does."""

from sqlalchemy import select
from starlette.testclient import TestClient

from models import LoginSession, Operator
from service.access import actions, sessions
from service.app import create_app
from tests.conftest import HTML, PASSWORD


def log_in(app, email="ola@example.com", password=PASSWORD, **more):
    browser = TestClient(app, headers=HTML, follow_redirects=False)
    return browser, browser.post("/login", data={"email": email, "password": password, **more})


def test_the_right_password_opens_the_queue(ola):
    assert "Nothing needs you now" in ola.get("/").text


def test_a_stranger_is_asked_to_sign_in_and_comes_back_to_the_page_they_wanted(app, operator):
    operator()
    answer = TestClient(app, headers=HTML, follow_redirects=False).get("/accounts?sort=name")
    assert answer.headers["location"] == "/login?next=%2Faccounts%3Fsort%3Dname"

    _, answer = log_in(app, next="/accounts?sort=name")

    assert answer.headers["location"] == "/accounts?sort=name"


def test_sign_in_leads_nowhere_outside(app, operator):
    operator()
    for target in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        _, answer = log_in(app, next=target)

        assert answer.headers["location"] == "/", target


def test_a_wrong_password_and_an_unknown_address_are_refused_alike(app, operator):
    operator()
    _, wrong = log_in(app, password="not this one, sorry")
    _, unknown = log_in(app, email="sam@example.com")

    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text.replace("ola@", "sam@") == unknown.text


def test_an_unknown_address_costs_the_work_of_a_password_check():
    assert not actions.HASHER.check_needs_rehash(sessions.NOBODY)
    assert not actions.password_fits(sessions.NOBODY, PASSWORD)


def test_each_login_gets_a_new_token_and_ends_the_old_one(app, operator, db):
    operator()
    browser, _ = log_in(app)
    first = browser.cookies["headsup"]

    browser.post("/login", data={"email": "ola@example.com", "password": PASSWORD})

    assert browser.cookies["headsup"] != first
    browser.cookies.clear()
    browser.cookies.set("headsup", first)
    assert browser.get("/").headers["location"] == "/login"


def test_a_token_that_was_planted_is_not_taken_over(app, operator):
    operator()
    browser = TestClient(app, headers=HTML, follow_redirects=False, cookies={"headsup": "planted"})

    answer = browser.post("/login", data={"email": "ola@example.com", "password": PASSWORD})

    assert "headsup=planted" not in answer.headers["set-cookie"]


def test_only_the_hash_of_a_token_is_stored(app, operator, db):
    operator()
    browser, answer = log_in(app)

    with db.read() as session:
        stored = session.scalars(select(LoginSession)).one()
    assert browser.cookies["headsup"] not in stored.token_sha256
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=lax" in answer.headers["set-cookie"]


def test_signing_out_ends_the_session_for_a_copied_token_too(ola):
    token = ola.cookies["headsup"]
    ola.post("/logout")
    ola.cookies.set("headsup", token)

    assert ola.get("/", follow_redirects=False).headers["location"] == "/login"


def test_a_session_ends_after_thirty_idle_minutes(ola, later):
    later(minutes=25)
    assert ola.get("/", follow_redirects=False).status_code == 200
    later(minutes=25)
    assert ola.post("/here").status_code == 204
    later(minutes=25)
    assert ola.get("/", follow_redirects=False).status_code == 200

    later(minutes=30)

    assert ola.get("/", follow_redirects=False).status_code == 303


def test_a_session_ends_after_twelve_hours_of_work(ola, later):
    for _ in range(36):
        assert ola.get("/", follow_redirects=False).status_code == 200
        later(minutes=20)

    assert ola.get("/", follow_redirects=False).status_code == 303


def test_a_tab_that_only_polls_keeps_nobody_signed_in(ola, later, clock):
    since = clock.at.isoformat()
    for _ in range(2):
        later(minutes=15)
        answer = ola.get("/queue/news", params={"since": since}, follow_redirects=False)

    assert answer.status_code == 303


def test_a_disabled_operator_is_out_at_once(ola, app, db, clock):
    with db.begin() as session:
        session.scalars(select(Operator)).one().disabled_at = clock.at

    assert ola.get("/", follow_redirects=False).status_code == 303
    assert log_in(app)[1].status_code == 401


def test_guessing_ends_after_ten_tries_and_others_still_get_in(app, operator):
    operator()
    operator("omar@example.com")
    for _ in range(10):
        assert log_in(app, password="a wrong password")[1].status_code == 401

    assert log_in(app)[1].status_code == 429
    assert log_in(app, email="omar@example.com")[1].status_code == 303


def test_the_browsers_time_zone_becomes_the_operators(app, operator, db):
    operator()
    log_in(app, time_zone="Europe/Berlin")
    log_in(app, time_zone="Not/Azone")

    with db.read() as session:
        assert session.scalars(select(Operator)).one().time_zone == "Europe/Berlin"


def test_behind_tls_the_cookie_is_tied_to_the_host(db, settings, clock, operator):
    operator()
    app = create_app(settings.model_copy(update={"cookie_secure": True}), db, clock)

    _, answer = log_in(app)

    assert answer.headers["set-cookie"].startswith("__Host-headsup=")
    assert "Secure" in answer.headers["set-cookie"]
