"""What cannot be told stands in nobody's way: it is put before people, and costs nothing afterwards."""

from datetime import timedelta

import pytest

from models import Mail, MailKind, MailState
from service.updates import send, tell
from tests import make
from tests.faults.conftest import size
from tests.postgres import free_port

GOOD, REFUSED, NEVER, BROKEN = size(30, 980), 4, 4, 4
TRIES = 8


def seed(db):
    """Alerts whose reps are to be told: sound ones, and three kinds that cannot be."""
    with db.begin() as session:
        for n in range(GOOD + REFUSED + NEVER + BROKEN):
            kind = ["refused"] * REFUSED + ["never"] * NEVER + ["broken"] * BROKEN + ["good"] * GOOD
            rep = make.rep(session, email=f"{kind[n]}-{n}@example.com")
            alert = make.alert(session, make.account(session, rep=rep))
            if kind[n] == "broken":
                alert.reasons = [{"sentence": None, "metric": 3}]
            make.update(session, alert)


async def rcpt(_server, _session, envelope, address, _options):
    """A relay that takes mail for most, for some never, and for some never yet."""
    if address.startswith("refused"):
        return "550 no such user"
    if address.startswith("never"):
        return "450 try again later"
    envelope.rcpt_tos.append(address)
    return "250 OK"


def test_poison_is_parked_with_a_reason_and_everybody_else_is_told(db, settings, later, mailbox, monkeypatch):
    settings = settings.model_copy(update={"smtp_url": mailbox.url})
    monkeypatch.setattr(mailbox, "handle_RCPT", rcpt)
    seed(db)
    composed = compose(db, settings, later())
    for _ in range(2 * TRIES):
        send.send(db, settings, now=later(hours=5))

    assert composed == GOOD + REFUSED + NEVER
    assert len({to for to, _ in mailbox.delivered}) == len(mailbox.delivered) == GOOD
    with db.read() as session:
        parked = [mail for mail in session.query(Mail) if mail.state is MailState.PARKED]
        assert {mail.last_error for mail in parked} == {"the relay answered 550", "the relay answered 450"}
        assert len(parked) == REFUSED + NEVER
        assert {mail.attempts for mail in parked if mail.recipient.startswith("refused")} == {1}
        assert min(mail.attempts for mail in parked if mail.recipient.startswith("never")) >= TRIES


def compose(db, settings, now):
    """All that can be composed; what cannot is said, and the rest is there all the same."""
    with pytest.raises(tell.NotComposed, match=f"{BROKEN} of "):
        tell.compose(db, settings, now=now)
    with db.read() as session:
        return session.query(Mail).count()


def test_parked_mail_costs_nothing_any_more(db, settings, later, mailbox, monkeypatch):
    settings = settings.model_copy(update={"smtp_url": mailbox.url})
    with db.begin() as session:
        for _ in range(5):
            make.mail(session, state=MailState.PARKED, last_error="the relay answered 550")

    assert send.send(db, settings, now=later(days=1) + timedelta(hours=1)) == 0
    assert mailbox.connections == 0


def test_trouble_of_the_way_lets_every_mail_wait(db, settings, clock):
    away = settings.model_copy(update={"smtp_url": f"smtp://127.0.0.1:{free_port()}"})
    with db.begin() as session:
        alert = make.alert(session, make.account(session))
        for _ in range(3):
            make.mail(session, kind=MailKind.ESCALATION, alert_id=alert.id)

    with pytest.raises(send.MailWaits):
        send.send(db, away, now=clock.at)

    with db.read() as session:
        assert {(mail.next_at, mail.attempts) for mail in session.query(Mail)} == {(clock.at + send.HOLD, 0)}
