"""E03, E04: mails that come back mark the address, are put before operations, and nobody can make one up."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import insert

from models import Address, InboundKind, InboundMail, Mail, MailKind, Rep, Reply, StopReason
from service.updates import held, ways_back
from tests import make
from tests.replies import reports
from tests.replies.conftest import INBOUND, letter


@pytest.fixture
def stopped(rows):
    """Why each address is stopped."""
    return lambda: {row.address: row.stopped_why for row in rows(Address) if row.stopped_at}


@pytest.mark.parametrize("name", reports.REPORTS)
def test_a_report_means_what_its_status_says(bring, rows, stopped, bounce_address, name):
    action, status, said, meaning = reports.REPORTS[name]

    assert bring(reports.report(bounce_address, action, status, said)) is InboundKind.BOUNCE

    assert stopped() == ({"rita@example.com": StopReason.HARD} if meaning == "hard" else {})
    assert [row.bounces for row in rows(Address)] == ([] if meaning == "nothing" else [1])


@pytest.mark.parametrize("name", reports.PROSE)
def test_a_report_in_prose_is_understood(bring, rows, stopped, bounce_address, name):
    text, meaning = reports.PROSE[name]

    assert bring(reports.prose(bounce_address, text)) is InboundKind.BOUNCE

    assert bool(stopped()) is (meaning == "hard")
    assert len(rows(Address)) == 1


def hard(address, number=0):
    return reports.report(address, "failed", "5.1.1", "smtp; 550 5.1.1 user unknown", number=number)


def test_an_address_that_does_not_exist_gets_no_mail_and_is_put_before_operations(bring, db, ola, mail, settings):
    bring(hard(ways_back.envelope_sender(settings, mail, otherwise="")))

    with db.read() as session:
        assert held.refusal(session, session.get(Mail, mail.id)) == held.WHY_STOPPED[StopReason.HARD]
    assert "rita@example.com" in ola.get("/todo").text
    panel = ola.get(f"/alerts/{mail.alert_id}").text
    assert "mail came back, address stopped" in panel
    assert "Mails to rita@example.com came back" in panel


def test_a_person_lifts_it(bring, ola, stopped, happened, bounce_address):
    bring(hard(bounce_address))
    assert stopped()
    ola.post("/todo/addresses/clear", data={"address": "rita@example.com"})

    assert stopped() == {}
    assert "Addresses that get no mail" not in ola.get("/todo").text
    assert happened()[1][-2:] == ["address.stop", "address.clear"]


def test_another_address_of_the_rep_settles_it(bring, db, ola, bounce_address):
    bring(hard(bounce_address))
    with db.begin() as session:
        session.query(Rep).one().email = "rita.reyes@example.com"

    assert "Addresses that get no mail" not in ola.get("/todo").text


def test_the_fifth_failure_stops_an_address(bring, rows, stopped, bounce_address):
    for number in range(5):
        assert stopped() == {}
        bring(reports.report(bounce_address, "failed", "5.2.2", "mailbox full", number=number))

    assert stopped() == {"rita@example.com": StopReason.SOFT}
    assert rows(Address)[0].bounces == 5


def test_failures_of_other_months_do_not_count(db, bring, rows, stopped, bounce_address):
    with db.begin() as session:
        seen = make.MONDAY - timedelta(days=40)
        session.add(Address(address="rita@example.com", bounces=4, last_at=seen, status="5.2.2", said=""))

    bring(reports.report(bounce_address, "failed", "5.2.2", "mailbox full"))

    assert (stopped(), rows(Address)[0].bounces) == ({}, 1)


def test_what_was_made_up_is_ignored(bring, rows, bounce_address, reply_address):
    for number, address in enumerate([INBOUND, reply_address, bounce_address.replace("+", "+a")]):
        bring(hard(address, number))

    assert rows(Address) == []
    assert {row.kind for row in rows(InboundMail)} <= {InboundKind.FOREIGN, InboundKind.AUTOMATIC}


def test_a_report_about_a_mail_of_last_week_is_ignored(bring, rows, bounce_address, later):
    later(days=8)
    bring(hard(bounce_address))

    assert rows(Address) == []
    assert rows(InboundMail)[0].kind is InboundKind.FOREIGN


def test_a_complaint_stops_the_address_and_no_other_report_of_its_kind_does(bring, stopped, reply_address):
    bring(reports.complaint(INBOUND, original=reply_address, kind="not-spam", number=1))
    assert stopped() == {}

    assert bring(reports.complaint(INBOUND, original=reply_address, number=2)) is InboundKind.COMPLAINT
    assert stopped() == {"rita@example.com": StopReason.COMPLAINT}


def test_a_complaint_about_a_mail_that_we_did_not_send_stops_nothing(bring, stopped):
    assert bring(reports.complaint(INBOUND, original="headsup+a@ops.example")) is InboundKind.FOREIGN
    assert stopped() == {}


def test_who_is_away_has_an_address_that_works(bring, rows, bounce_address):
    away = letter(
        bounce_address, subject="Automatic reply: Northwind", Auto_Submitted="auto-replied", body="Back on Monday."
    )

    assert bring(away) is InboundKind.AUTOMATIC
    assert rows(Address) == rows(Reply) == []


STOPPED = {"stopped_at": make.MONDAY, "stopped_why": "hard", "last_at": make.MONDAY, "status": "5.1.1", "said": ""}


def _sent(number):
    at = make.MONDAY + timedelta(seconds=number)
    return {"recipient": f"reader{number}@example.com", "sent_at": at, "next_at": at}


@pytest.fixture
def sent(db, mail):
    """A thousand mails that went out, of which some came back."""

    def send(kind, *, back):
        numbers = range(1000)
        sent = {"kind": "heads_up", "state": "sent", "content": b"", "subject": "x", "created_at": make.MONDAY}
        mails = [{"id": uuid4(), "dedupe_key": f"k{n}", "message_id": f"<{n}@x>", **_sent(n), **sent} for n in numbers]
        came = {"kind": kind, "why": "x", "received_at": make.MONDAY}
        with db.begin() as session:
            session.execute(insert(Mail), mails)
            session.execute(insert(InboundMail), [{"key": f"k{n}", "mail_id": mails[n]["id"], **came} for n in back])
            session.add_all(Address(address=f"reader{n}@example.com", **STOPPED) for n in back)

    return send


@pytest.mark.parametrize(
    ("kind", "back", "waits"),
    [
        ("bounce", range(0, 1000, 17), True),  # 6 %
        ("bounce", range(0, 1000, 25), False),  # 4 %
        ("bounce", range(100, 160), False),  # put right long ago
        ("complaint", (300, 900), False),  # 0.2 %
        ("complaint", range(0, 1000, 180), True),  # 0.6 %
    ],
)
def test_a_reputation_at_stake_lets_weekly_mails_wait_and_no_heads_up(db, sent, kind, back, waits):
    sent(kind, back=sorted(back))

    with db.read() as session:
        weekly, heads_up = Mail(kind=MailKind.DIGEST, recipient="x"), Mail(kind=MailKind.HEADS_UP, recipient="x")
        assert bool(held.postponed(session, weekly, None, now=make.MONDAY)) is waits
        assert held.postponed(session, heads_up, None, now=make.MONDAY) is None


def test_operations_is_told_that_the_reputation_is_at_stake(ola, sent):
    sent("bounce", back=range(980, 1000))

    assert "of the last 200 mails came back" in ola.get("/todo").text
