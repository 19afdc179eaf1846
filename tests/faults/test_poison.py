"""What cannot be told stands in nobody's way: it is put before people, and costs nothing afterwards."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from models import Alert, Mail, MailKind, MailState
from service.updates import actions as updates
from service.updates import send, tell
from tests import make
from tests.faults.conftest import size
from tests.postgres import free_port

GOOD, REFUSED, NEVER, BROKEN = size(30, 980), 4, 4, 4
TRIES = 8
# The first rounds load the model; after that a process has next to nothing to do.
SETTLE_SECONDS, IDLE_SECONDS, IDLE_SHARE = size(15, 20), size(10, 60), 0.05


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
    compose(db, settings, later(minutes=5))
    for _ in range(2 * TRIES):
        send.send(db, settings, now=later(hours=5))

    assert composed == GOOD + REFUSED + NEVER
    assert len({to for to, _ in mailbox.delivered}) == len(mailbox.delivered) == GOOD
    with db.read() as session:
        parked = [mail for mail in session.query(Mail) if mail.state is MailState.PARKED and mail.content]
        assert session.query(Mail).filter(Mail.state == MailState.PARKED, Mail.content == b"").count() == BROKEN
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


def test_what_could_not_be_composed_is_composed_anew_when_its_cause_is_put_right(db, settings, later, put_right):
    with db.begin() as session:
        alert = make.alert(session, make.account(session, rep=make.rep(session)))
        alert.reasons = [{"sentence": None, "metric": 3}]
        make.update(session, alert)
    for minutes in (0, 5):
        with pytest.raises(tell.NotComposed):
            tell.compose(db, settings, now=later(minutes=minutes))
    assert tell.compose(db, settings, now=later(minutes=5)) == 0

    put_right(alert.id)

    assert tell.compose(db, settings, now=later()) == 1


@pytest.fixture
def put_right(db, clock):
    """What people do: put the cause right, and press "Send again"."""

    def by_hand(alert_id):
        with db.begin() as session:
            session.get(Alert, alert_id).reasons = []
            (mail,) = session.query(Mail)
            assert mail.last_error.startswith("It could not be composed for 5 minutes: ")
            updates.send_again(session, mail, by="ola@example.com", now=clock.at)

    return by_hand


def cpu_seconds(pid):
    """What a process has used, in user and system mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_parked_mail_and_an_idle_hour_use_next_to_no_processor(running):
    running.environment["HEADSUP_WORKER_SECONDS"] = "5"
    running.install()
    with running.db.begin() as session:
        for _ in range(20):
            make.mail(session, state=MailState.PARKED, last_error="the relay answered 550")
    running.start()
    running.wait_ready()
    time.sleep(SETTLE_SECONDS)
    before = {name: cpu_seconds(running.pid(name)) for name in running.names}
    time.sleep(IDLE_SECONDS)
    used = {name: (cpu_seconds(running.pid(name)) - before[name]) / IDLE_SECONDS for name in running.names}

    print({name: f"{share:.1%}" for name, share in used.items()})  # noqa: T201  a figure for docs/operations.md
    assert max(used.values()) < IDLE_SHARE
