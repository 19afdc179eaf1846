"""The relay is away for hours: everything that is still true goes out soon after, heads-ups first, nothing stale."""

from collections import Counter
from datetime import timedelta

import pytest

from models import Mail, MailState, WorkerStep
from service import worker
from service.alerts import actions as alerts
from service.alerts import queries
from service.updates import send, steps, tell, weekly
from tests import make
from tests.faults.conftest import size
from tests.postgres import free_port

HEADS_UPS, DIGESTS = size(12, 300), size(4, 80)
HOURS = 6
BACK_WITHIN = timedelta(minutes=15)
OLD = make.MONDAY - timedelta(days=30)


@pytest.fixture
def settings(settings):
    return settings.model_copy(
        update={"digest_day": 1, "digest_hour": 12, "smtp_url": f"smtp://127.0.0.1:{free_port()}"}
    )


@pytest.fixture
def owed(db):
    """Reps who are to be told of an alert, and reps whose digest is due."""
    with db.begin() as session:
        for n in range(DIGESTS):
            rep = make.rep(session, email=f"digest-{n}@example.com", created_at=OLD, time_zone="UTC")
            make.score(session, make.account(session, rep=rep), 0.1)
        raised = []
        for n in range(HEADS_UPS):
            rep = make.rep(session, email=f"told-{n}@example.com")
            alert = make.alert(session, make.account(session, rep=rep, name=f"Client {n}"))
            make.update(session, alert, next_update_at=make.MONDAY + timedelta(days=2))
            raised.append(alert.id)
    return raised


def a_round(db, settings, now):
    """What the mailer does in a round; trouble of the way is no news here."""
    for step in (steps.tell_ends, tell.compose, weekly.compose, send.send):
        try:
            step(db, settings, now=now)
        except send.MailWaits:
            continue


def text(mail):
    return mail.get_body(("plain",)).get_content()


def test_an_outage_of_hours_loses_nothing_and_sends_nothing_stale(db, settings, owed, mailbox):
    for minutes in range(0, HOURS * 60, 20):
        a_round(db, settings, make.MONDAY + timedelta(minutes=minutes))
    back = make.MONDAY + timedelta(hours=HOURS)
    with db.begin() as session:
        alerts.resolve(session, queries.alert(session, owed[0]), "A van was added.", by="ola", now=back)
        alerts.mark_wrong(session, queries.alert(session, owed[1]), "No.", by="ola", now=back)
    again = settings.model_copy(update={"smtp_url": mailbox.url})
    for minutes in range(0, int(BACK_WITHIN / timedelta(minutes=1)), 3):
        a_round(db, again, back + timedelta(minutes=minutes))

    # All but the one that was called wrong, and the fixed one is told of as fixed.
    assert Counter(to for to, _ in mailbox.delivered).most_common(1)[0][1] == 1
    assert len(mailbox.delivered) == HEADS_UPS + DIGESTS - 1
    assert "A van was added." in text(mailbox.to("told-0@example.com")[0])
    assert mailbox.to("told-1@example.com") == []
    with db.read() as session:
        sent = [mail for mail in session.query(Mail) if mail.state is MailState.SENT]
        assert {mail.state for mail in session.query(Mail)} == {MailState.SENT, MailState.SUPPRESSED}
    assert max(mail.attempts for mail in sent) <= 30
    assert max(mail.sent_at for mail in sent) <= back + BACK_WITHIN


def test_heads_ups_go_before_digests(db, settings, owed, mailbox):
    a_round(db, settings, make.MONDAY)

    a_round(db, settings.model_copy(update={"smtp_url": mailbox.url}), make.MONDAY + timedelta(minutes=5))

    assert [to.partition("-")[0] for to, _ in mailbox.delivered] == ["told"] * HEADS_UPS + ["digest"] * DIGESTS


def test_operations_sees_within_minutes_that_mail_waits(db, settings, owed, api):
    worker.tick(db, settings, now=make.MONDAY)

    with db.read() as session:
        step = session.get(WorkerStep, "send")
    assert step.failed_at == make.MONDAY
    assert "The mail relay cannot be used" in step.error


def test_no_more_mails_go_in_a_minute_than_the_relay_is_to_get(db, settings, mailbox):
    with db.begin() as session:
        for _ in range(7):
            make.mail(session, kind="escalation", alert_id=make.alert(session, make.account(session)).id)
    began = send.monotonic()

    send.send(db, settings.model_copy(update={"smtp_url": mailbox.url, "mails_per_minute": 300}), now=make.MONDAY)

    assert len(mailbox.delivered) == 7
    assert send.monotonic() - began >= 6 * 60 / 300
