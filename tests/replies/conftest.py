"""A heads-up that Rita got, and what may come back for it."""

import pytest
from starlette.testclient import TestClient

from models import Account, AlertEvent, AuditEntry, MailState
from service.replies import actions
from service.replies.sorting import sort
from service.updates import ways_back
from tests import make
from tests.console.conftest import site

__all__ = ["site"]

INBOUND = "headsup@ops.example"


@pytest.fixture
def settings(settings):
    """Settings of an installation that reads what comes back."""
    return settings.model_copy(update={"inbound_address": INBOUND, "mail_from": "Headsup <headsup@ops.example>"})


@pytest.fixture
def alert(db):
    with db.begin() as session:
        account = make.account(session, rep=make.rep(session, email="rita@example.com"))
        return make.alert(session, account)


@pytest.fixture
def mail(db, alert):
    """The heads-up about the alert, as it went to Rita."""
    with db.begin() as session:
        rep_id = session.get(Account, alert.account_id).rep_id
        told = make.update(session, alert)
        sent = {"state": MailState.SENT, "sent_at": make.MONDAY}
        about = {"alert_id": alert.id, "update_id": told.id, "rep_id": rep_id}
        return make.mail(session, recipient="rita@example.com", **about, **sent)


@pytest.fixture
def reply_address(settings, mail):
    return ways_back.reply_to(settings, mail.id)


@pytest.fixture
def bounce_address(settings, mail):
    return ways_back.envelope_sender(settings, mail, otherwise="")


@pytest.fixture
def bring(db, settings, clock):
    """Take in a mail, as worker and webhook do; tell what it was."""

    def take(content, **envelope):
        found = sort(content, settings, **envelope)
        with db.begin() as session:
            actions.take_in(session, found, now=clock.at)
        return found.kind

    return take


@pytest.fixture
def rows(db):
    """All rows of a table."""

    def read(table):
        with db.read() as session:
            return list(session.query(table))

    return read


@pytest.fixture
def happened(rows):
    """What stands in histories of alerts, and in the audit log."""
    return lambda: ([event.kind for event in rows(AlertEvent)], [entry.action for entry in rows(AuditEntry)])


@pytest.fixture
def browser(app):
    """Somebody without a login."""
    return TestClient(app, raise_server_exceptions=False)


def letter(
    to, *, subject="Re: Northwind Foods may complain", sender="Rita Reyes <rita@example.com>", body="On it.", **headers
):
    """A mail in one text part, as a person's program writes it. Header names are given with underscores."""
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    fields = {"From": sender, "To": to, "Subject": subject, "Message-ID": f"<{subject}-{len(body)}@mail.example>"}
    fields |= {"MIME-Version": "1.0", "Content-Type": "text/plain; charset=utf-8"} | more
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{head}\r\n{body}\r\n".encode()
