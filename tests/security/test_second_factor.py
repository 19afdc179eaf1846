"""A second factor: set up, asked for, used once, recovered from, demanded, taken off."""

import html
import re

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from models import AuditEntry, RecoveryCode, Role, SecondFactor
from service.access import codes, factors
from service.app import create_app
from tests.conftest import HTML, PASSWORD

CODE = re.compile("(?:[A-Z2-7]{4}-){5}[A-Z2-7]{4}")


class Phone:
    """An authenticator app: it knows the key, and what time it is."""

    def __init__(self, key, clock):
        self.key, self.clock = key, clock

    def code(self, half_minutes=0):
        return codes.code(self.key, codes.step_of(self.clock.at) + half_minutes)


def key_on(page):
    return codes.base64.b32decode(re.search('class="key">([A-Z2-7 ]+)<', page)[1].replace(" ", ""))


@pytest.fixture
def phone(ola, clock, later):
    """Ola has a second factor; `recovery` are her codes for the day without it."""
    made = Phone(key_on(ola.post("/you/factor", data={"password": PASSWORD}).text), clock)
    made.recovery = CODE.findall(ola.post("/you/factor/on", data={"code": made.code()}).text)
    later(minutes=1)
    return made


def half_in(app, email="ola@example.com"):
    """A browser that gave the right password, and what shows it."""
    browser = TestClient(app, headers=HTML, follow_redirects=False)
    answer = browser.post("/login", data={"email": email, "password": PASSWORD, "next": "/accounts"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (200, False)
    return browser, html.unescape(re.search('name="shown" value="([^"]+)"', answer.text)[1])


def give(browser, shown, code):
    return browser.post("/login/code", data={"shown": shown, "code": code, "next": "/accounts"})


def test_with_a_second_factor_the_password_alone_opens_nothing(app, phone):
    browser, shown = half_in(app)
    assert browser.get("/").headers["location"] == "/login"

    answer = give(browser, shown, phone.code())

    assert (answer.status_code, answer.headers["location"]) == (303, "/accounts")
    assert browser.get("/").status_code == 200


def test_the_picture_is_drawn_in_the_page_and_holds_the_key(ola, settings):
    page = ola.post("/you/factor", data={"password": PASSWORD}).text

    assert ("<svg" in page, "style=" in page, "<script>" in page) == (True, False, False)
    link = html.unescape(re.search('href="(otpauth:[^"]+)"', page)[1])
    assert link == codes.link(settings, "ola@example.com", key_on(page))


def test_a_code_opens_once(app, phone):
    used = phone.code()
    first = give(*half_in(app), used)
    again = give(*half_in(app), used)

    assert (first.status_code, again.status_code) == (303, 401)
    assert give(*half_in(app), phone.code(half_minutes=-1)).status_code == 401  # older than the one that was used
    assert give(*half_in(app), phone.code(half_minutes=1)).status_code == 303


def test_the_code_that_set_it_up_does_not_sign_in(app, ola, clock):
    phone = Phone(key_on(ola.post("/you/factor", data={"password": PASSWORD}).text), clock)
    ola.post("/you/factor/on", data={"code": phone.code()})

    assert give(*half_in(app), phone.code()).status_code == 401


def test_a_key_counts_only_when_the_phone_has_it(app, ola):
    ola.post("/you/factor", data={"password": PASSWORD})

    refused = ola.post("/you/factor/on", data={"code": "000000"})

    assert (refused.status_code, "QR code" in refused.text) == (422, True)
    browser = TestClient(app, headers=HTML, follow_redirects=False)
    assert browser.post("/login", data={"email": "ola@example.com", "password": PASSWORD}).status_code == 303


def test_ten_recovery_codes_open_once_each(app, phone, db):
    assert len(set(phone.recovery)) == 10
    first, second = phone.recovery[:2]

    answers = [give(*half_in(app), each).status_code for each in (first, first, second.lower().replace("-", ""))]

    assert answers == [303, 401, 303]
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(RecoveryCode)) == 8
        stored = " ".join(session.scalars(select(RecoveryCode.code_sha256)))
        assert not any(codes.tidy(each) in stored.upper() for each in phone.recovery)
        assert session.scalars(select(AuditEntry).where(AuditEntry.action == "second_factor.recover")).all()


def test_new_recovery_codes_end_the_old_ones(app, ola, phone):
    made = CODE.findall(ola.post("/you/factor/codes", data={"password": PASSWORD}).text)

    assert len(made) == 10
    assert give(*half_in(app), phone.recovery[0]).status_code == 401
    assert give(*half_in(app), made[0]).status_code == 303


def test_guessing_codes_ends_after_ten_a_day_and_the_owner_still_gets_in(app, ola, phone, later):
    wrong = "123456" if phone.code() != "123456" else "654321"
    answers = [give(*half_in(app), wrong).status_code for _ in range(12)]

    assert answers == [401] * 10 + [429] * 2
    later(hours=12)
    assert give(*half_in(app), phone.code()).status_code == 429
    assert give(*half_in(app), phone.recovery[0]).status_code == 303
    known = ola.post("/login", data={"email": "ola@example.com", "password": PASSWORD})
    shown = html.unescape(re.search('name="shown" value="([^"]+)"', known.text)[1])
    assert give(ola, shown, phone.code()).headers.get("location", "/accounts") == "/accounts"
    later(hours=13)
    assert give(*half_in(app), phone.code()).status_code == 303


def test_what_shows_the_password_ends_and_cannot_be_made(app, ola, phone, later, settings):
    browser, shown = half_in(app)
    other = settings.model_copy(update={"secret_key": type(settings.secret_key)("o" * 43)})
    with app.state.db.read() as session:
        forged = factors.password_was_right(other, session.get(factors.Operator, 1), now=later())

    assert give(browser, forged, phone.code()).status_code == 401
    assert give(browser, shown[:-1], phone.code()).status_code == 401
    assert give(browser, "x", phone.code()).status_code == 401
    later(minutes=11)
    assert give(browser, shown, phone.code()).status_code == 401
    assert give(*half_in(app), phone.code()).status_code == 303


def test_another_password_ends_a_sign_in_that_was_begun(app, ola, phone):
    browser, shown = half_in(app)
    new = "staple of another horse"
    ola.post("/you/password", data={"password": PASSWORD, "new": new, "again": new})

    assert give(browser, shown, phone.code()).status_code == 401


def test_a_factor_that_was_taken_off_meanwhile_ends_a_sign_in_that_was_begun(app, ola, phone):
    browser, shown = half_in(app)
    ola.post("/you/factor/off", data={"password": PASSWORD})

    assert give(browser, shown, phone.code()).status_code == 401


def test_taking_it_off_needs_the_password(app, ola, phone):
    assert ola.post("/you/factor/off", data={"password": "not this one, sorry"}).status_code == 422
    half_in(app)

    ola.post("/you/factor/off", data={"password": PASSWORD})

    browser = TestClient(app, headers=HTML, follow_redirects=False)
    assert browser.post("/login", data={"email": "ola@example.com", "password": PASSWORD}).status_code == 303


@pytest.fixture
def browser_where(db, settings, clock, operator):
    """Sign somebody in where a second factor is demanded of some."""

    def sign_in(demanded, role):
        app = create_app(settings.model_copy(update={"second_factor": demanded}), db, clock)
        operator(role=role)
        browser = TestClient(app, headers=HTML, follow_redirects=False)
        browser.post("/login", data={"email": "ola@example.com", "password": PASSWORD})
        return browser

    return sign_in


DEMANDED = {("offered", Role.ADMIN): False, ("admins", Role.ADMIN): True, ("admins", Role.LEAD): False}
DEMANDED[("all", Role.READER)] = True


@pytest.mark.parametrize(("demanded", "role"), DEMANDED)
def test_where_it_is_demanded_nothing_opens_without(browser_where, clock, demanded, role):
    browser, held = browser_where(demanded, role), DEMANDED[(demanded, role)]
    assert browser.get("/").headers.get("location") == ("/you" if held else None)

    phone = Phone(key_on(browser.post("/you/factor", data={"password": PASSWORD}).text), clock)
    browser.post("/you/factor/on", data={"code": phone.code()})

    assert browser.get("/").status_code == 200
    assert browser.post("/you/factor/off", data={"password": PASSWORD}).status_code == (409 if held else 303)


def test_nobody_reads_the_key_in_the_database(phone, db):
    with db.read() as session:
        row = session.scalars(select(SecondFactor)).one()

    assert codes.base64.b32encode(phone.key).decode() not in row.sealed_key
    assert codes.base64.b64encode(phone.key).decode() not in row.sealed_key


@pytest.mark.parametrize("scripts", [True, False])
def test_people_set_it_up_and_sign_in_with_it(signed_in_page, clock, later, scripts):
    page = signed_in_page("/you", java_script_enabled=scripts)
    page.fill("form[action='/you/factor'] [name=password]", PASSWORD)
    page.click("text=Set it up")
    phone = Phone(codes.base64.b32decode(page.inner_text(".key").replace(" ", "")), clock)
    assert page.locator(".qr svg").bounding_box()["width"] > 120
    page.fill("[name=code]", phone.code())
    page.click("text=Turn it on")
    assert page.locator(".codes li").count() == 10
    page.click("text=I have them")
    later(minutes=1)

    page.click("text=Sign out")
    page.fill("[name=email]", "ola@example.com")
    page.fill("[name=password]", PASSWORD)
    page.click("button:has-text('Sign in')")
    page.fill("[name=code]", phone.code())
    page.click("button:has-text('Sign in')")

    page.wait_for_url("**/")
    assert page.faults == []
