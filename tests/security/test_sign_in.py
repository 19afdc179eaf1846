"""What the sign-in asks for and takes, and what stands on every page behind it."""

import pytest
from starlette.testclient import TestClient

from service.access import actions
from tests.conftest import HTML

EMAIL = "ola@example.com"
TYPED = {
    "spaces around it": "  four words of a song  ",
    "letters of many scripts": "Ünïcödé 漢字 кот 🙂",
    "no digit, no capital": "onlyplainletterswithoutend",
    "a thousand characters": "zebra lamp " * 90 + "0123456789",
}


@pytest.mark.parametrize("password", TYPED.values(), ids=TYPED)
def test_a_password_is_compared_as_it_was_typed_whatever_it_is_made_of(app, db, operator, clock, password):
    operator()
    with db.begin() as session:
        actions.set_password(session, EMAIL, password, by="test", now=clock.at)
    nearly = {password.swapcase(), password[:-1], f" {password}"[:1_000], password.strip()[:64]} - {password}

    def answer(given):
        browser = TestClient(app, headers=HTML, follow_redirects=False)
        return browser.post("/login", data={"email": EMAIL, "password": given}).status_code

    assert {answer(each) for each in nearly} == {401}
    assert answer(password) == 303


def test_a_password_is_masked_and_may_be_pasted_and_filled_in(app, ola):
    door, own = TestClient(app, headers=HTML).get("/login").text, ola.get("/you").text

    for page, fields in ((door, 1), (own, 4)):
        assert page.count('type="password"') == fields
        assert page.count('autocomplete="current-password"') + page.count('autocomplete="new-password"') == fields
        assert "onpaste" not in page


@pytest.mark.parametrize("path", ["/", "/accounts", "/outlook", "/model", "/todo", "/mail", "/status", "/news", "/you"])
def test_every_page_offers_to_sign_out_and_is_kept_by_no_browser(ola, path):
    answer = ola.get(path)

    assert 'action="/logout"' in answer.text
    assert answer.headers["cache-control"] == "no-store"
