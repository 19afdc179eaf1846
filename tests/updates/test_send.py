"""Mails go out once, whatever the relay does, and nothing is thrown away."""

import socket
from datetime import timedelta
from threading import Timer
from uuid import uuid4

import pytest
from sqlalchemy import text

from models import Mail, MailState, WorkerStep
from service.alerts import queries as alerts
from service.kit.database import Database
from service.updates import rules, send
from service.updates.queries import outbox
from service.updates.tell import compose
from tests import make
from tests.conftest import ON_POSTGRESQL
from tests.mailbox import open_mailbox

# Seconds: PostgreSQL lets us wait four for a lock.
LONGER_THAN_A_LOCK = 5


@pytest.fixture
def queued(db, settings, tell, alert, clock):
    """A heads-up that waits in the outbox."""
    tell(alert)
    compose(db, settings, now=clock.at)


@pytest.fixture
def mail(db):
    def only():
        with db.read() as session:
            return session.query(Mail).one()

    return only


@pytest.fixture
def sends(queued, db, settings, clock):
    return lambda: send.send(db, settings, now=clock.at)


@pytest.mark.skipif(not ON_POSTGRESQL, reason="on SQLite nobody keeps a row: writers go in turn")
def test_what_the_relay_has_is_recorded_though_somebody_kept_the_row_for_a_while(sends, db, mailbox, mail, monkeypatch):
    takes, other = mailbox.handle_DATA, db.engine.connect()

    async def keep_the_row(*dialogue):
        other.execute(text("UPDATE mails SET deaths = deaths"))
        Timer(LONGER_THAN_A_LOCK, other.close).start()
        return await takes(*dialogue)

    monkeypatch.setattr(mailbox, "handle_DATA", keep_the_row)

    assert sends() == 1
    assert (mail().state, len(mailbox.delivered)) == (MailState.SENT, 1)


def test_a_mail_that_was_sent_is_not_sent_again(sends, mailbox, mail):
    assert (sends(), sends()) == (1, 0)

    assert len(mailbox.delivered) == 1
    assert mail().state is MailState.SENT


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("MAIL", "451 later"),
        ("RCPT", "421 too busy"),
        ("RCPT", "450 greylisted"),
        ("DATA", "452 no room"),
        ("MAIL", "drop"),
        ("RCPT", "drop"),
        ("DATA", "drop"),
    ],
)
def test_a_passing_trouble_is_tried_again_with_the_same_bytes(sends, mailbox, mail, later, command, reply):  # noqa: PLR0917
    mailbox.will(command, reply)
    assert sends() == 0
    waiting = mail()
    assert (waiting.state, waiting.attempts) == (MailState.QUEUED, 1)

    later(minutes=2)
    assert sends() == 1

    assert [content for _, content in mailbox.delivered] == [waiting.content]


def test_a_connection_lost_after_the_mail_was_taken_sends_the_same_mail_twice(sends, mailbox, later):
    mailbox.will("DATA", "drop-after")
    sends()
    later(minutes=2)

    sends()

    first, second = mailbox.delivered
    assert first == second


@pytest.mark.parametrize(
    ("command", "reply"), [("RCPT", "550 no such user"), ("DATA", "554 refused"), ("MAIL", "552 big")]
)
def test_a_refusal_is_put_before_operations_and_not_tried_again(sends, mailbox, mail, later, db, alert, command, reply):  # noqa: PLR0917
    mailbox.will(command, reply)

    sends()
    later(days=1)

    assert sends() == 0
    assert mail().state is MailState.PARKED
    assert mail().last_error == f"the relay answered {reply[:3]}"
    with db.read() as session:
        assert "mail_refused" in [event.kind for event in alerts.events(session, alert.id)]


@pytest.mark.parametrize(("command", "reply"), [("MAIL", "550 not your sender"), ("MAIL", "530 log in first")])
def test_trouble_of_our_own_holds_the_outbox_and_counts_for_no_mail(sends, mailbox, mail, clock, command, reply):  # noqa: PLR0917
    mailbox.will(command, reply)

    with pytest.raises(send.MailWaits):
        sends()

    assert (mail().state, mail().attempts) == (MailState.QUEUED, 0)
    assert mail().next_at == clock.at + send.HOLD
    assert mail().last_error == f"the relay answered {reply[:3]}"


def test_a_relay_that_is_down_holds_the_mail_until_it_is_back(sends, queued, db, settings, clock, later):  # noqa: PLR0917
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        down = settings.model_copy(update={"smtp_url": f"smtp://127.0.0.1:{unused.getsockname()[1]}"})

    with pytest.raises(send.MailWaits, match="Connection refused"):
        send.send(db, down, now=clock.at)

    later(minutes=3)
    assert sends() == 1


def test_without_a_relay_mails_wait_and_the_step_says_so(queued, db, settings, clock, mail):
    nowhere = settings.model_copy(update={"smtp_url": ""})

    with pytest.raises(send.MailWaits, match="1 mails wait: HEADSUP_SMTP_URL is not set"):
        send.send(db, nowhere, now=clock.at)

    assert (mail().state, mail().attempts) == (MailState.QUEUED, 0)


def test_a_mail_is_given_up_after_three_days_of_trying(sends, mailbox, mail, later):
    mailbox.will("RCPT", *["450 later"] * 200)
    for _ in range(80):
        sends()
        later(hours=1)

    assert mail().state is MailState.PARKED
    assert mail().attempts == 73


def test_waits_grow_to_half_an_hour_and_are_spread():
    assert [rules.back_off(n, 1.0) for n in (1, 2, 6, 500)] == [timedelta(minutes=m) for m in (1, 2, 30, 30)]
    assert rules.back_off(3, 0.5) == timedelta(minutes=2)
    assert rules.back_off(3, 0.0) == timedelta()


def test_another_worker_takes_over_when_a_lease_has_ended(queued, db, settings, clock, later, mailbox):  # noqa: PLR0917
    with db.begin() as session:
        outbox.claim(session, now=clock.at, lease_until=clock.at + send.lease(settings), token=uuid4())
    assert send.send(db, settings, now=clock.at) == 0

    later(minutes=6)

    assert send.send(db, settings, now=clock.at) == 1
    assert len(mailbox.delivered) == 1


def test_a_worker_that_lost_its_lease_writes_nothing(queued, db, settings, clock, later, mail):  # noqa: PLR0917
    with db.begin() as session:
        slow = outbox.claim(session, now=clock.at, lease_until=clock.at + send.lease(settings), token=uuid4())
    later(minutes=6)
    with db.begin() as session:
        outbox.claim(session, now=clock.at, lease_until=clock.at + send.lease(settings), token=uuid4())

    with db.begin() as session:
        written = outbox.settle(session, slow, state=MailState.SENT, sent_at=clock.at)

    assert not written
    assert (mail().state, mail().sent_at) == (MailState.SENDING, None)


def test_a_batch_goes_over_one_connection(tick, tell, mailbox, db):
    with db.begin() as session:
        several = [make.alert(session, make.account(session)) for _ in range(5)]
    for each in several:
        tell(each)

    assert tick()["send"] == 5
    assert mailbox.connections == 1


def test_one_refused_mail_keeps_no_other_back(tick, tell, mailbox, db):
    with db.begin() as session:
        several = [make.alert(session, make.account(session)) for _ in range(3)]
    for each in several:
        tell(each)
    mailbox.will("RCPT", "550 no such user")

    assert tick()["send"] == 2


def test_a_mail_survives_a_restart_of_everything(queued, db, settings, clock, mailbox):
    db.close()

    with open_mailbox() as other:
        moved = settings.model_copy(update={"smtp_url": other.url})
        after_restart = Database(settings.database)
        assert send.send(after_restart, moved, now=clock.at) == 1
        after_restart.close()

    assert mailbox.delivered == []
    assert len(other.delivered) == 1


def test_the_status_page_hears_of_trouble_and_the_service_stays_ready(tick, tell, alert, mailbox, db):
    mailbox.will("MAIL", "535 wrong password")
    tell(alert)

    assert tick()["send"] == 0

    with db.read() as session:
        step = session.get(WorkerStep, "send")
    assert "535" in step.error
    assert step.failed_at == step.ended_at
