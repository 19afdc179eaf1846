"""Your account: another password, and where you are signed in."""

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update
from starlette.testclient import TestClient

from models import AuditEntry, LoginSession, Operator
from service.access import actions
from service.app import create_app
from tests.conftest import HTML, PASSWORD

NEW = "staple of another horse"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def sign_in(app, password=PASSWORD, **headers):
    browser = TestClient(app, headers=HTML | headers, follow_redirects=False)
    return browser, browser.post("/login", data={"email": "ola@example.com", "password": password})


def change(browser, password=PASSWORD, new=NEW, again=NEW):
    return browser.post(
        "/you/password", data={"password": password, "new": new, "again": again}, follow_redirects=False
    )


def actions_of(db):
    with db.read() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_another_password_ends_every_other_session_and_renews_this_one(app, ola, db):
    elsewhere, _ = sign_in(app)
    token = ola.cookies["headsup"]

    assert change(ola).headers["location"] == "/you?done=password"

    assert ola.cookies["headsup"] != token
    assert "signed out everywhere else" in ola.get("/you?done=password").text
    assert elsewhere.get("/").status_code == 303
    assert [sign_in(app, each)[1].status_code for each in (PASSWORD, NEW)] == [401, 303]
    assert "operator.password" in actions_of(db)


WRONG = {
    "not the present one": ({"password": "not this one, sorry"}, "That is not your password"),
    "typed in two ways": ({"again": "staple of another house"}, "differ"),
    "the same": ({"new": PASSWORD, "again": PASSWORD}, "the password you have"),
    "too short": ({"new": "short", "again": "short"}, "at least 12"),
    "one that everybody tries": ({"new": "Password2026!", "again": "Password2026!"}, "easy to guess"),
    "her own name": ({"new": "Example-Ola-1", "again": "Example-Ola-1"}, "easy to guess"),
}


@pytest.mark.parametrize("why", WRONG)
def test_a_password_is_not_changed(app, ola, why):
    sent, said = WRONG[why]

    answer = change(ola, **sent)

    assert (answer.status_code, said in answer.text) == (422, True)
    assert sign_in(app)[1].status_code == 303


def test_whoever_finds_an_open_browser_cannot_guess_the_password_in_it(ola):
    answers = [change(ola, password="not this one, sorry").status_code for _ in range(11)]

    assert answers == [422] * 10 + [429]
    assert change(ola).status_code == 429


def test_a_made_up_password_opens_nothing_until_it_is_changed(app, operator, db):
    operator(made_up=True)
    browser, _ = sign_in(app)

    before = {path: browser.get(path).headers.get("location") for path in ("/", "/accounts", "/queue/news?since=x")}
    page = browser.get("/you")
    change(browser)

    assert set(before.values()) == {"/you"}
    assert "Choose a password of your own first" in page.text
    assert browser.get("/").status_code == 200
    with db.read() as session:
        assert not session.scalars(select(Operator)).one().made_up


def test_everywhere_i_am_signed_in_is_listed_and_can_be_ended(app, ola, db):
    elsewhere, _ = sign_in(app, **{"user-agent": FIREFOX})
    page = ola.get("/you").text
    assert ("Firefox on Linux" in page, "(this one)" in page, FIREFOX in page) == (True, True, False)
    number = page.partition('name="session" value="')[2].partition('"')[0]

    ola.post("/you/sessions/end", data={"session": number})

    assert elsewhere.get("/").status_code == 303
    assert ola.get("/").status_code == 200
    assert actions_of(db)[-1] == "session.end"


def test_all_others_end_at_once_and_nobody_elses(app, ola, operator, db, clock):
    others = [sign_in(app)[0] for _ in range(2)]
    operator("omar@example.com")
    omar = TestClient(app, headers=HTML, follow_redirects=False)
    omar.post("/login", data={"email": "omar@example.com", "password": PASSWORD})
    with db.read() as session:
        his = session.scalars(select(LoginSession).order_by(LoginSession.created_at)).all()[-1].token_sha256[:12]

    ola.post("/you/sessions/end", data={"session": his})
    assert omar.get("/").status_code == 200
    ola.post("/you/sessions/end")

    assert [each.get("/").status_code for each in others] == [303, 303]
    assert (omar.get("/").status_code, ola.get("/").status_code) == (200, 200)


def test_a_hash_by_old_parameters_is_made_anew_at_the_next_sign_in(app, operator, db):
    operator()
    with db.begin() as session:
        session.execute(update(Operator).values(password_hash=PasswordHasher(1, 8_192, 1).hash(PASSWORD)))

    assert sign_in(app)[1].status_code == 303

    with db.read() as session:
        kept = session.scalars(select(Operator)).one().password_hash
    assert not actions.HASHER.check_needs_rehash(kept)
    assert sign_in(app)[1].status_code == 303
    assert actions_of(db).count("operator.rehash") == 1


def test_the_file_of_refused_passwords_holds_for_the_page(db, settings, clock, operator, tmp_path):
    operator()
    listed = tmp_path / "breached.txt"
    listed.write_text(f"{NEW}\n")
    browser, _ = sign_in(create_app(settings.model_copy(update={"refused_passwords": listed}), db, clock))

    assert change(browser).status_code == 422


def test_what_was_typed_is_gone_from_the_browser_after_signing_out(signed_in_page):
    page = signed_in_page("/")
    page.evaluate("sessionStorage.setItem('draft:1', 'a van is out')")

    page.click("text=Sign out")
    page.wait_for_url("**/login")

    assert page.evaluate("sessionStorage.length") == 0
