"""The outbox page: what stands where, found again, sent again, held and released."""

from datetime import timedelta

import pytest

from models import Hold, MailState
from service import worker
from tests import make
from tests.mailbox import open_mailbox


@pytest.fixture
def mails(db):
    with db.begin() as session:
        sent = {"state": MailState.SENT, "sent_at": make.MONDAY}
        make.mail(session, recipient="rita@example.com", subject="Northwind Foods may complain", **sent)
        make.mail(session, recipient="sam@example.com", subject="Halden: 100 % late", state=MailState.PARKED,
                  attempts=9, last_error="the relay answered 550")  # fmt: skip
        make.mail(session, recipient="rita@example.com", subject="Your week", attempts=2,
                  next_at=make.MONDAY + timedelta(minutes=9))  # fmt: skip


def test_it_tells_states_attempts_errors_and_the_next_try(ola, mails):
    page = ola.get("/mail").text

    assert "the relay answered 550" in page
    assert "9 tries" in page
    assert "2 tries" in page
    assert "next <time" in page
    assert page.count("Send again") == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=HALDEN", {"Halden"}),
        ("q=rita@", {"Northwind", "week"}),
        ("q=100 %25", {"Halden"}),
        ("q=%25", {"Halden"}),
        ("q=_", set()),
        ("state=parked", {"Halden"}),
        ("state=sent&q=rita", {"Northwind"}),
        ("page=2", set()),
    ],
)
def test_mails_are_found_by_reader_subject_and_state(ola, mails, query, found):
    page = ola.get(f"/mail?{query}").text.partition("<table")[2]

    subjects = {"Northwind": "Northwind Foods", "Halden": "Halden: 100", "week": "Your week"}
    assert {name for name, subject in subjects.items() if subject in page} == found


def test_more_than_a_page_can_be_turned(ola, db):
    with db.begin() as session:
        for number in range(101):
            make.mail(session, subject=f"Mail {number:03}", created_at=make.MONDAY + timedelta(seconds=number))

    first, second = ola.get("/mail"), ola.get("/mail?page=2")

    assert "Mail 100" in first.text
    assert "Mail 000" not in first.text
    assert "Mail 000" in second.text
    assert ("Older" in first.text, "Older" in second.text, "Newer" in second.text) == (True, False, True)


def test_what_is_held_waits_and_goes_when_it_is_released(ola, db, settings, clock, later):
    with db.begin() as session:
        make.mail(session, kind="model")
    with open_mailbox() as mailbox:
        sending = settings.model_copy(update={"smtp_url": mailbox.url})

        ola.post("/mail/hold", data={"reason": "We move the relay."})
        worker.tick(db, sending, now=later(minutes=1))
        held = list(mailbox.delivered)
        page = ola.get("/mail").text
        ola.post("/mail/release")
        worker.tick(db, sending, now=later(minutes=1))

    assert held == []
    assert "All mail is held." in page
    assert "We move the relay." in page
    assert len(mailbox.delivered) == 1


def test_a_hold_needs_a_reason(ola, db):
    assert ola.post("/mail/hold", data={"reason": " "}).status_code == 422

    with db.read() as session:
        assert session.query(Hold).count() == 0
