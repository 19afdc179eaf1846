"""E03: a rep whom a mail does not reach is not left untold: operations and the rep's manager hear of it at once."""

import pytest

from models import Mail, MailKind, MailState, Role
from service import worker
from service.alerts import actions as alerts
from service.alerts import queries
from service.replies import actions as replies
from service.replies.sorting import sort
from service.updates import ways_back
from tests import make
from tests.replies import reports


@pytest.fixture
def settings(settings, mailbox):
    return settings.model_copy(
        update={
            "smtp_url": mailbox.url,
            "inbound_address": "headsup@ops.example",
            "mail_from": "Headsup <headsup@ops.example>",
        }
    )


@pytest.fixture
def alert(db):
    """An alert with an update; its rep has a manager, its account an owner in operations."""
    with db.begin() as session:
        make.operator(session, "lena@example.com", Role.LEAD)
        make.operator(session, "omar@example.com")
        rep = make.rep(session, email="rita@example.com", manager_email="mona@example.com")
        alert = make.alert(session, make.account(session, rep=rep, owner_email="omar@example.com"))
        make.update(session, alert)
        return alert


@pytest.fixture
def rounds(db, settings, later):
    """What the worker does in half a minute."""

    def go():
        for _ in range(2):
            worker.tick(db, settings, now=later(seconds=15))

    return go


def told(mailbox):
    return [to for to, _ in mailbox.delivered]


def bounce(db, settings, now):
    """The relay of the rep's company says that there is no such address."""
    with db.begin() as session:
        mail = session.query(Mail).filter(Mail.kind == MailKind.HEADS_UP, Mail.state == MailState.SENT).one()
        back = reports.report(
            ways_back.envelope_sender(settings, mail, otherwise=""), "failed", "5.1.1", "no such user"
        )
        assert replies.take_in(session, sort(back, settings), now=now)


def test_after_a_hard_bounce_owner_and_manager_know_within_a_minute(db, settings, alert, rounds, mailbox, later):  # noqa: PLR0917
    rounds()
    assert told(mailbox) == ["rita@example.com"]
    bounce(db, settings, later())

    for _ in range(3):
        rounds()

    assert sorted(told(mailbox)[1:]) == ["mona@example.com", "omar@example.com"]
    said = mailbox.to("mona@example.com")[0].get_body(("plain",)).get_content()
    assert "The address does not exist: a mail to it came back. Nobody has told Rita Reyes since." in said
    assert "A van is out on the northern tour." in said


def test_what_is_kept_from_a_stopped_address_is_told_each_time(db, alert, rounds, mailbox):
    with db.begin() as session:
        make.address(session, "rita@example.com")

    rounds()

    assert sorted(told(mailbox)) == ["mona@example.com", "omar@example.com"]


def test_a_refusal_by_the_relay_is_told_to_the_leads_where_nobody_has_the_account(db, alert, rounds, mailbox):
    mailbox.will("RCPT", "550 no such user")
    with db.begin() as session:
        account = queries.alert(session, alert.id).account
        account.owner_email, account.rep.manager_email = None, None

    rounds()

    assert told(mailbox) == ["lena@example.com"]


def test_when_the_alert_has_ended_nobody_has_to_call(db, alert, rounds, mailbox, later):
    with db.begin() as session:
        make.address(session, "rita@example.com")
        alerts.resolve(session, queries.alert(session, alert.id), "Done.", by="ola@example.com", now=later())

    rounds()

    assert told(mailbox) == []
