"""E06: a rep ends the weekly mails by one click, and pauses all mails until a day."""

import time
from datetime import UTC, date, datetime, timedelta

import pytest

from models import Mail, MailChoice, MailKind, MailState, Update
from service.updates import held, ways_back
from service.updates.queries import addresses
from tests import make
from tests.replies.test_acknowledge import path

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def unsubscribe(settings, mail):
    return path(ways_back.unsubscribe_url(settings, mail.rep_id))


@pytest.fixture
def pause(settings, mail):
    return path(ways_back.pause_url(settings, mail.rep_id))


@pytest.fixture
def digest(db, mail):
    with db.begin() as session:
        return make.mail(session, kind=MailKind.DIGEST, rep_id=mail.rep_id, recipient="rita@example.com")


def test_one_click_ends_the_weekly_mails_at_once(db, browser, unsubscribe, digest, happened):
    started = time.monotonic()
    answers = [browser.post(unsubscribe, data=ONE_CLICK, follow_redirects=False) for _ in range(3)]
    seconds = time.monotonic() - started

    assert {answer.status_code for answer in answers} == {200}
    assert happened()[1] == ["digests.end"]
    assert seconds < 3
    with db.read() as session:
        assert held.refusal(session, digest) == "The rep has ended the weekly mails."


def test_one_click_works_as_mail_programs_send_it(browser, unsubscribe, rows):
    parts = {"List-Unsubscribe": (None, "One-Click")}

    assert browser.post(unsubscribe, files=parts, headers={"User-Agent": "Gmail"}).status_code == 200
    assert rows(MailChoice)[0].digests_ended_at == make.MONDAY


def test_the_weekly_mails_can_come_again(db, browser, unsubscribe, digest, happened):
    browser.post(unsubscribe)
    assert "No more weekly mails" in browser.get(unsubscribe).text
    browser.post(unsubscribe, data={"again": "true"})

    assert happened()[1] == ["digests.end", "digests.resume"]
    with db.read() as session:
        assert held.refusal(session, digest) is None


def test_heads_ups_come_in_any_case(db, browser, unsubscribe, mail):
    browser.post(unsubscribe, data=ONE_CLICK)

    with db.read() as session:
        assert held.refusal(session, session.get(Mail, mail.id)) is None


def test_a_pause_lets_mails_wait_until_the_rep_s_morning(db, browser, pause, mail, clock):
    answer = browser.post(pause, data={"until": "2026-03-09"})

    assert "Paused until Monday 9 March" in answer.text
    with db.read() as session:
        wait = held.postponed(session, session.get(Mail, mail.id), None, now=clock.at)
        assert wait.until == datetime(2026, 3, 8, 23, tzinfo=UTC)  # midnight in Berlin
        assert addresses.paused(session, now=clock.at) == {mail.rep_id: wait.until}
        assert addresses.paused(session, now=wait.until) == {}


def test_what_is_urgent_goes_all_the_same(db, browser, pause, mail, clock):
    browser.post(pause, data={"until": "2026-03-09"})

    with db.read() as session:
        urgent = Update(urgent=True)
        assert held.postponed(session, session.get(Mail, mail.id), urgent, now=clock.at) is None


@pytest.mark.parametrize("until", ["2026-03-02", "2026-03-01", "2027-01-01", "0001-01-01", "9999-12-31", "soon", ""])
def test_a_pause_ends_on_a_day_ahead_within_sixty(browser, pause, rows, until):
    answer = browser.post(pause, data={"until": until})

    assert "Pause your mails" in answer.text
    assert rows(MailChoice) == []


def test_who_comes_back_earlier_gets_what_has_waited(db, browser, pause, mail, rows):
    browser.post(pause, data={"until": "2026-03-09"})
    waits = {"state": MailState.QUEUED, "next_at": rows(MailChoice)[0].paused_until}
    with db.begin() as session:
        make.mail(session, rep_id=mail.rep_id, **waits)

    browser.post(pause, data={"resume": "true"})

    assert {each.next_at for each in rows(Mail)} == {make.MONDAY}
    assert rows(MailChoice)[0].paused_until is None


def test_operations_sees_that_the_rep_is_away(browser, ola, pause, alert, happened):
    browser.post(pause, data={"until": "2026-03-09"})

    assert "mails.pause" in happened()[1]
    assert "has paused all mails until" in ola.get(f"/alerts/{alert.id}").text


def test_days_that_are_offered_lie_ahead(browser, pause, clock):
    for day in range(7):
        clock.at = make.MONDAY + timedelta(days=day)
        page = browser.get(pause).text
        offered = [date.fromisoformat(each[:10]) for each in page.split('name="until" value="')[1:]]
        assert len(offered) == len(set(offered)) >= 2
        assert min(offered) > clock.at.date()
