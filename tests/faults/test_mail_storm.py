"""Hundreds of accounts at once: one mail a rep, people asked whether it is the data, and nothing lost."""

from datetime import timedelta

import pytest

from models import Hold, HoldKind, Mail, MailKind, MailState, Role, Telling
from service.updates import holds, send, steps, storms, tell
from tests import make
from tests.faults.conftest import size

OF_ONE_REP = size(40, 400)
ACCOUNTS = size(40, 5_000)
WINDOW = timedelta(seconds=60)


@pytest.fixture
def settings(settings, mailbox):
    return settings.model_copy(update={"group_seconds": 60, "smtp_url": mailbox.url})


def a_round(db, settings, now):
    for step in (steps.tell_plainly, storms.watch, tell.compose, send.send):
        step(db, settings, now=now)


def text(mail):
    return mail.get_body(("plain",)).get_content()


def test_accounts_of_one_rep_that_cross_together_are_one_mail(db, settings, mailbox):
    with db.begin() as session:
        rita = make.rep(session, email="rita@example.com")
        for n in range(OF_ONE_REP):
            opened = make.MONDAY + WINDOW * n / OF_ONE_REP
            make.alert(session, make.account(session, rep=rita, name=f"Client {n}"), at=opened)
    plain_at = make.MONDAY + timedelta(minutes=settings.plain_after_minutes)

    for seconds in range(0, 300, 20):
        a_round(db, settings, plain_at + timedelta(seconds=seconds))

    print({"accounts_of_one_rep": OF_ONE_REP, "mails": len(mailbox.delivered)})  # noqa: T201
    # The first window's mail has all that were written by its end; the rest is in the next one.
    assert len(mailbox.delivered) <= 2
    with db.read() as session:
        assert session.query(Telling).filter(Telling.mail_id.is_not(None)).count() == OF_ONE_REP
        assert {mail.state for mail in session.query(Mail)} == {MailState.SENT}
    assert max(len(content) for _, content in mailbox.delivered) < 102_400
    assert "Client 0" in "".join(map(text, mailbox.mails))


@pytest.fixture
def outage(db):
    """A fault in the data lets every account look bad; one has an update that waits for its mail."""
    with db.begin() as session:
        make.operator(session, "lena@example.com", Role.LEAD)
        rita = make.rep(session, email="rita@example.com")
        for n in range(ACCOUNTS):
            account = make.account(session, rep=rita)
            make.score(session, account, 0.95 if n % 3 == 0 else 0.1)
            make.risk_days(session, account, [0.1], until=make.MONDAY - timedelta(days=1))
        make.update(session, make.alert(session, account), urgent=True)


def test_a_storm_holds_the_reps_mail_for_a_while_and_asks_people(db, settings, outage, mailbox):
    for minutes in (0, 5, 14.9):
        a_round(db, settings, make.MONDAY + timedelta(minutes=minutes))
    assert [to for to, _ in mailbox.delivered] == ["lena@example.com"]
    assert "perhaps the data are wrong" in text(mailbox.mails[0])

    for minutes in (15, 16, 17):
        a_round(db, settings, make.MONDAY + timedelta(minutes=minutes))

    assert [to for to, _ in mailbox.delivered] == ["lena@example.com", "rita@example.com"]
    with db.read() as session:
        assert session.query(Hold).count() == 1
    print({"accounts": ACCOUNTS, "mails_in_a_storm": len(mailbox.delivered)})  # noqa: T201


def test_somebody_who_has_looked_lets_the_mail_go(db, settings, outage, mailbox):
    a_round(db, settings, make.MONDAY)
    with db.begin() as session:
        assert holds.release(session, HoldKind.STORM, by="lena@example.com", now=make.MONDAY)

    a_round(db, settings, make.MONDAY + timedelta(minutes=1))

    assert [to for to, _ in mailbox.delivered] == ["lena@example.com", "rita@example.com"]


def test_a_fifth_or_less_is_no_storm(db, settings, mailbox):
    with db.begin() as session:
        for n in range(50):
            account = make.account(session)
            make.score(session, account, 0.95 if n < 10 else 0.1)
            make.risk_days(session, account, [0.1], until=make.MONDAY - timedelta(days=1))

    assert storms.watch(db, settings, now=make.MONDAY) == 0


def test_a_held_outbox_sends_nothing_until_it_is_released(db, settings, mailbox):
    with db.begin() as session:
        make.operator(session, "lena@example.com", Role.LEAD)
        alert = make.alert(session, make.account(session))
        make.mail(session, kind=MailKind.ESCALATION, alert_id=alert.id)
        assert holds.hold_all(session, "Restored from a backup.", by="restore", now=make.MONDAY)
        assert not holds.hold_all(session, "Again.", by="restore", now=make.MONDAY)

    with pytest.raises(send.MailWaits, match="Restored from a backup"):
        send.send(db, settings, now=make.MONDAY + timedelta(days=9))
    assert mailbox.connections == 0

    with db.begin() as session:
        assert holds.release_all(session, by="lena@example.com", now=make.MONDAY)
    assert send.send(db, settings, now=make.MONDAY + timedelta(days=9)) == 1
