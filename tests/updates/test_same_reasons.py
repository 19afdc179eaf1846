"""The API, the console and the mail give the same reasons in the same order, and what speaks against them."""

import html
import re

import pytest

from tests import make

UP = ("Share delivered late 4 % → 19 % in 7 days (target 6 %)", "9 complaints in the last 28 days, usually 2")
DOWN = ("Driver rating 4.1 → 4.6 of 5 in 28 days",)
REASONS = [make.reason(said) for said in UP] + [make.reason(said, direction="down", weight=-0.4) for said in DOWN]


@pytest.fixture
def alert(db):
    """An alert for Northwind with reasons for and against, as its score has them."""
    with db.begin() as session:
        account = make.account(session, external_id="northwind", rep=make.rep(session, email="rita@example.com"))
        make.score(session, account, reasons=REASONS)
        return make.alert(session, account, reasons=REASONS)


@pytest.fixture
def page(ola):
    """A page of the console, as Ola sees it."""
    return lambda path: ola.get(path).text


def _order(text):
    """The sentences as a text has them; pages keep numbers and percent signs together."""
    plain = html.unescape(re.sub(r"<[^>]+>", " ", text)).replace("\u00a0", " ")
    return tuple(sorted((said for said in (*UP, *DOWN) if said in plain), key=plain.index))


def test_the_api_tells_reasons_for_and_against(api, alert):
    item = api.get("/v1/risk").json()["items"][0]
    told = api.get(f"/v1/alerts/{alert.id}").json()["reasons"]

    assert (tuple(item["reasons"]), tuple(item["against"])) == (UP, DOWN)
    assert tuple(reason["sentence"] for reason in told) == UP + DOWN


def test_the_console_tells_the_same(page, alert):
    assert _order(page(f"/alerts/{alert.id}")) == _order(page("/accounts/northwind")) == UP + DOWN
    assert _order(page("/")) == UP[:1]


def test_the_mail_tells_the_same(tell, tick, mailbox, alert):
    tell(alert)
    tick()

    (mail,) = mailbox.to("rita@example.com")
    plain, page = (mail.get_body((part,)).get_content() for part in ("plain", "html"))
    assert _order(plain) == _order(page) == UP + DOWN
    assert plain.index("WHAT SPEAKS AGAINST IT") < plain.index(DOWN[0])
    assert "share delivered late 4 % → 19 %" in mail["subject"]


def test_the_queue_gives_no_reason_against_as_the_reason(page, db):
    with db.begin() as session:
        make.alert(session, make.account(session), reasons=REASONS[2:])

    assert "No single reason stands out" in page("/")
