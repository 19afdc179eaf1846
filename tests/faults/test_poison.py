"""What cannot be told stands in nobody's way: it is put before people, and costs nothing afterwards."""

import os
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from models import Alert, Mail, MailKind, MailState
from service.kit.settings import Settings
from service.updates import actions as updates
from service.updates import rules, send, tell
from tests import make
from tests.conftest import ON_POSTGRESQL
from tests.faults.cluster import wait_pid
from tests.faults.conftest import FULL, size
from tests.postgres import free_port

GOOD, REFUSED, NEVER, BROKEN = size(30, 980), 4, 4, 4
TRIES, TOLD_WITHIN, MOST_BYTES = 8, 60, 100_000
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
    as_it_comes = Settings.model_fields["mails_per_minute"].default
    settings = settings.model_copy(update={"smtp_url": mailbox.url, "mails_per_minute": as_it_comes})
    monkeypatch.setattr(mailbox, "handle_RCPT", rcpt)
    seed(db)
    began, used = time.monotonic(), time.process_time()
    # A round is for so many reps at most; the worker's next one follows at once.
    while len(mailbox.delivered) < GOOD and time.monotonic() < began + 10 * TOLD_WITHIN:
        with suppress(tell.NotComposed):
            tell.compose(db, settings, now=later())
        send.send(db, settings, now=later())
    took, used, told = time.monotonic() - began, time.process_time() - used, len(mailbox.delivered)
    for _ in range(TRIES - 2):
        compose(db, settings, later(minutes=2))
    for _ in range(2 * TRIES):
        send.send(db, settings, now=later(hours=5))

    print({"told": told, "seconds": round(took, 1), "of_the_processor": round(used, 1)})  # noqa: T201  a figure for docs/operations.md
    assert told == len({to for to, _ in mailbox.delivered}) == len(mailbox.delivered) == GOOD
    assert took < TOLD_WITHIN
    assert tell.compose(db, settings, now=later(minutes=2)) == 0
    check_parked(db)


def check_parked(db):
    """What is never taken, or not for three days, and what cannot be composed is put before people."""
    with db.read() as session:
        parked = [mail for mail in session.query(Mail) if mail.state is MailState.PARKED and mail.content]
        broken = session.query(Mail).filter(Mail.state == MailState.PARKED, Mail.content == b"").all()
    assert {mail.last_error for mail in parked} == {"the relay answered 550", "the relay answered 450"}
    assert len(parked) == REFUSED + NEVER
    assert {mail.attempts for mail in parked if mail.recipient.startswith("refused")} == {1}
    assert min(mail.attempts for mail in parked if mail.recipient.startswith("never")) >= TRIES
    assert len(broken) == BROKEN
    assert all(mail.last_error.startswith(f"Composing it failed {TRIES} times: ") for mail in broken)


def compose(db, settings, now):
    """Try again what cannot be composed; that it cannot is said."""
    with pytest.raises(tell.NotComposed, match=f"{BROKEN} of "):
        tell.compose(db, settings, now=now)


@pytest.mark.parametrize(
    "sentence",
    [
        pytest.param("late " * 2_000_000, id="ten-megabytes"),
        pytest.param(
            "late \ud800",
            id="half-a-character",
            marks=pytest.mark.skipif(ON_POSTGRESQL, reason="PostgreSQL stores no half characters"),
        ),
    ],
)
def test_a_reason_that_no_mail_can_carry_is_cut_to_size_and_told(sentence, db, settings, later, mailbox):
    settings = settings.model_copy(update={"smtp_url": mailbox.url})
    with db.begin() as session:
        make.update(session, make.alert(session, make.account(session), reasons=[make.reason(sentence)]))

    assert tell.compose(db, settings, now=later()) == 1
    assert send.send(db, settings, now=later()) == 1
    ((_, content),) = mailbox.delivered
    assert len(content) < MOST_BYTES


@pytest.fixture
def rounds(running):
    """One round of mail in a process of its own, at a moment, dead at a point."""

    def one(at, crash=""):
        environment = running.environment | {"ROUND_AT": at.isoformat(), "HEADSUP_CRASH": crash}
        wait_pid(running.zygote.fork(["mailer"], environment, running.folder / "log"))

    running.install()
    return one


def test_news_that_kills_whoever_composes_it_is_parked_after_eight_deaths(rounds, running, mailbox, later):
    with running.db.begin() as session:
        rep = make.rep(session, email="rita@example.com", created_at=later())
        for _ in range(2):
            make.update(session, make.alert(session, make.account(session, rep=rep)))
    for _ in range(2):
        rounds(later(minutes=1), "news-taken:1")
    # From the third try on each goes alone; the one that has killed comes last.
    rounds(later(minutes=1), "news-taken:2")
    assert len(mailbox.delivered) == 0
    for _ in range(TRIES - 3):
        rounds(later(minutes=5), "news-taken:1")
    rounds(later(minutes=5))

    with running.db.read() as session:
        (parked,) = session.query(Mail).filter(Mail.state == MailState.PARKED)
    assert parked.last_error == f"A worker that composed it died {TRIES} times."
    assert len(mailbox.delivered) == 1


def test_a_mail_that_kills_whoever_sends_it_is_parked_after_eight_deaths(rounds, running, mailbox, later):
    with running.db.begin() as session:
        alert = make.alert(session, make.account(session))
        make.mail(session, kind=MailKind.ESCALATION, alert_id=alert.id)
    for _ in range(TRIES):
        rounds(later(minutes=5), "mail-connected:1")
    rounds(later(minutes=5))

    with running.db.read() as session:
        (mail,) = session.query(Mail)
    assert (mail.state, mail.deaths) == (MailState.PARKED, TRIES)
    assert mail.last_error == f"A worker that sent it died or stood still {TRIES} times."
    assert mailbox.delivered == []


def test_dead_workers_make_no_mail_wait_longer(db, settings, later, mailbox, monkeypatch):
    settings = settings.model_copy(update={"smtp_url": mailbox.url})
    monkeypatch.setattr(send, "LUCK", AllTheLuck())
    mailbox.will("RCPT", "450 later")
    with db.begin() as session:
        alert = make.alert(session, make.account(session))
        make.mail(session, kind=MailKind.ESCALATION, alert_id=alert.id, attempts=7, deaths=7)

    send.send(db, settings, now=later())

    with db.read() as session:
        (mail,) = session.query(Mail)
    assert (mail.attempts, mail.next_at) == (8, later() + rules.FIRST_WAIT * 2)


class AllTheLuck:
    """The longest wait that may be drawn."""

    def random(self):
        return 1.0


def test_a_mail_that_breaks_what_sends_it_is_tried_eight_times_and_keeps_no_other_back(db, settings, later, mailbox):
    settings = settings.model_copy(update={"smtp_url": mailbox.url})
    with db.begin() as session:
        alert = make.alert(session, make.account(session))
        for address in ("ola@example.com", "olá@example.com", "omar@example.com"):
            make.mail(session, kind=MailKind.ESCALATION, alert_id=alert.id, recipient=address)

    sent = [send.send(db, settings, now=later(hours=1)) for _ in range(TRIES + 1)]

    assert sent == [2, *[0] * TRIES]
    with db.read() as session:
        (parked,) = session.query(Mail).filter(Mail.state == MailState.PARKED)
    assert (parked.recipient, parked.attempts) == ("olá@example.com", TRIES)
    assert "UnicodeEncodeError" in parked.last_error


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
        assert {(mail.next_at, mail.attempts) for mail in session.query(Mail)} == {(clock.at + send.PAUSE, 0)}


def test_what_could_not_be_composed_is_composed_anew_when_its_cause_is_put_right(db, settings, later, put_right):
    with db.begin() as session:
        alert = make.alert(session, make.account(session, rep=make.rep(session)))
        alert.reasons = [{"sentence": None, "metric": 3}]
        make.update(session, alert)
    for _ in range(TRIES - 1):
        with pytest.raises(tell.NotComposed):
            tell.compose(db, settings, now=later(minutes=2))
    assert tell.compose(db, settings, now=later(minutes=2)) == 0

    put_right(alert.id)

    assert tell.compose(db, settings, now=later()) == 1


@pytest.fixture
def put_right(db, clock):
    """What people do: put the cause right, and press "Send again"."""

    def by_hand(alert_id):
        with db.begin() as session:
            session.get(Alert, alert_id).reasons = []
            (mail,) = session.query(Mail)
            assert mail.last_error.startswith(f"Composing it failed {TRIES} times: ")
            updates.send_again(session, mail, by="ola@example.com", now=clock.at)

    return by_hand


def cpu_seconds(pid):
    """What a process has used, in user and system mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(ON_POSTGRESQL and not FULL, reason="the worker looks as seldom, whichever the database")
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
