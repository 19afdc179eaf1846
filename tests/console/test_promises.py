"""Promises on an account's page, and what is new."""

import re

import pytest

from models import AuditEntry, Commitment, NewsLine, Role
from tests import make


@pytest.fixture
def account(db):
    with db.begin() as session:
        account = make.account(session, external_id="north/wind")
        make.observation(session, account, make.metric(session), 0.1)
        return account


@pytest.fixture
def rows(db):
    def read(table):
        with db.read() as session:
            return list(session.query(table))

    return read


FORM = {"account_id": "north/wind", "promise": "Before 08:00", "due": "2026-03-06"}


def test_a_promise_is_made_on_the_accounts_page(ola, account, rows):
    more = {"metric": "late_share", "target": "4 %", "dominoes": "2026-03-07 Reopening\nFresh bread"}
    page = ola.post("/commitments", data=FORM | more)

    (commitment,) = rows(Commitment)
    assert (commitment.target, len(commitment.dominoes), commitment.made_by) == (0.04, 2, "ola@example.com")
    assert "Before 08:00" in page.text
    assert "promised 4\u00a0%" in page.text
    assert "Reopening (2026-03-07); Fresh bread" in page.text


@pytest.mark.parametrize("state", ["kept", "broken", "cancelled"])
def test_a_button_says_how_it_ended(ola, account, rows, state):
    ola.post("/commitments", data=FORM)

    page = ola.post(f"/commitments/{rows(Commitment)[0].id}/close", data={"state": state})

    assert rows(Commitment)[0].state == state
    assert f">{state}</span>" in page.text
    assert "/close" not in page.text


def test_what_was_closed_by_mistake_is_opened_again_and_changed(ola, account, rows):
    ola.post("/commitments", data=FORM | {"metric": "late_share", "target": "4 %", "dominoes": "Fresh bread"})
    address = f"/commitments/{rows(Commitment)[0].id}"
    assert "Open again" in ola.post(f"{address}/close", data={"state": "kept"}).text

    page = ola.post(f"{address}/reopen").text
    assert 'value="0.04"' in page
    assert ">Fresh bread\n</textarea>" in page
    ola.post(address, data=FORM | {"promise": "Before 09:00", "metric": "late_share", "target": "3 %"})

    (commitment,) = rows(Commitment)
    assert (commitment.state, commitment.promise, commitment.target) == ("open", "Before 09:00", 0.03)
    assert (commitment.closed_at, commitment.dominoes) == (None, [])
    assert [line.action for line in rows(AuditEntry)][-2:] == ["commitment.reopen", "commitment.change"]


def test_what_hangs_on_a_promise_may_hold_any_sign_and_stays_when_it_is_changed(ola, account, rows):
    hanging = "2026-03-07 Reopening; cake for all\nFresh bread, rolls; butter"
    page = ola.post("/commitments", data=FORM | {"dominoes": hanging}).text
    (shown,) = re.findall(r"<textarea[^>]*>(2026[^<]+)</textarea>", page)

    ola.post(f"/commitments/{rows(Commitment)[0].id}", data=FORM | {"promise": "Before 09:00", "dominoes": shown})

    assert rows(Commitment)[0].dominoes == [
        {"what": "Reopening; cake for all", "on": "2026-03-07"},
        {"what": "Fresh bread, rolls; butter", "on": None},
    ]


def test_promises_at_risk_are_counted_among_the_to_dos_and_lead_to_their_account(db, ola, account):
    assert "To-dos</a>" in ola.get("/todo").text
    with db.begin() as session:
        make.commitment(session, account)
        make.commitment(session, account, promise="At nine", at_risk_since=make.MONDAY, danger="overdue")

    page = ola.get("/todo").text

    assert 'Promises at risk <span class="count">1</span>' in page
    assert '<a class="strong" href="/accounts/north%2Fwind#promises">' in page
    assert re.search(r"To-dos\s*<span[^>]*>1</span></a>", page)


def test_a_promise_at_risk_says_why(db, ola, account):
    with db.begin() as session:
        make.commitment(session, account, at_risk_since=make.MONDAY, danger="overdue")

    page = ola.get("/accounts/north%2Fwind").text

    assert "at risk</span>" in page
    assert "Its day has passed: say whether it was kept." in page


def test_a_reader_sees_promises_and_no_buttons(browser_of, db, account):
    with db.begin() as session:
        make.commitment(session, account)

    page = browser_of("rosa@example.com", Role.READER).get("/accounts/north%2Fwind").text

    assert "Deliveries before 08:00" in page
    assert "/commitments" not in page


def test_a_lead_adds_and_removes_news(browser_of, account, rows):
    lena = browser_of("lena@example.com", Role.LEAD)
    said = {"text": "Vans are electric.", "from_day": "2026-03-02", "until_day": "2026-03-08", "segment": "retail"}
    page = lena.post("/news", data=said).text
    assert "Vans are electric." in page

    assert "electric" not in lena.post(f"/news/{rows(NewsLine)[0].id}/remove").text

    assert [line.action for line in rows(AuditEntry)][-2:] == ["news.add", "news.remove"]


def test_an_agent_reads_news_and_adds_none(ola, rows):
    assert ola.get("/news").status_code == 200

    answer = ola.post("/news", data={"text": "x", "from_day": "2026-03-02", "until_day": "2026-03-08"})

    assert answer.status_code == 403
    assert rows(NewsLine) == []


def test_on_paper_and_without_scripts_an_account_shows_the_picture_that_reps_get(db, ola, account):
    with db.begin() as session:
        make.score(session, account, 0.7)
        make.risk_days(session, account, [0.1 * day for day in range(8)])

    page = ola.get("/accounts/north%2Fwind").text

    assert re.search(r'<div class="mailed">\s*<svg xmlns="http://www.w3.org/2000/svg" width="400"', page)
    assert "Warning score, 0 to 100; no probability" in page
