"""The way back through postfix and dovecot: Rita answers, and operations has it; the mailbox is left in order."""

import smtplib
import ssl
import subprocess
import time
from email.message import EmailMessage
from urllib.parse import quote

import pytest

from models import Address, InboundKind, InboundMail, MailState, Reply
from service.replies import imap, inbox
from service.replies.imap import MailboxAway
from service.updates import ways_back
from tests import make
from tests.mails.mailserver import PASSWORD


@pytest.fixture
def settings(settings, server):
    """Settings whose mails come back to Ola's mailbox."""
    user, password = quote("ola@example.com", safe=""), quote(PASSWORD, safe="")
    read = f"imaps://{user}:{password}@localhost:{server.imap}/INBOX"
    return settings.model_copy(update={"inbound_address": "ola@example.com", "inbound_url": read})


@pytest.fixture
def mail(db):
    with db.begin() as session:
        account = make.account(session, rep=make.rep(session, email="rita@example.com"))
        alert = make.alert(session, account)
        sent = {"state": MailState.SENT, "sent_at": make.MONDAY}
        return make.mail(session, alert_id=alert.id, rep_id=account.rep_id, recipient="rita@example.com", **sent)


@pytest.fixture
def submit(server):
    """Send a mail as Rita's program does, and wait until it has arrived."""

    def send(to, text, *, message_id, files=()):
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "Rita <rita@example.com>", to, "Re: Northwind"
        message["Message-ID"] = message_id
        message.set_content(text)
        for name in files:
            message.add_attachment(b"%PDF", "application", "pdf", filename=name)
        with smtplib.SMTP("localhost", server.smtp) as smtp:
            smtp.starttls(context=ssl.create_default_context())
            smtp.login("rita@example.com", PASSWORD)
            smtp.send_message(message)
        server.arrived("ola", message_id=message_id)

    return send


def held_in(server, folder):
    with server.mailbox("ola") as session:
        status, found = session.select(folder)
        return int(found[0]) if status == "OK" else 0


def test_a_reply_comes_back_once_and_leaves_the_mailbox_in_order(server, settings, db, mail, submit):
    to = ways_back.reply_to(settings, mail.id)
    words = (
        "Zoë called them.\n\nOn Mon, 2 Mar 2026 at 12:00, Headsup <ola@example.com> wrote:\n> Northwind may complain"
    )
    submit(to, words, message_id="<answer@example.com>", files=["offer.pdf"])
    submit("ola@example.com", "Buy now!", message_id="<spam@example.com>")
    before = held_in(server, imap.DONE), held_in(server, imap.ASIDE)

    taken = inbox.read(db, settings, now=make.MONDAY)

    with db.read() as session:
        assert [(each.body, each.attachments) for each in session.query(Reply)] == [("Zoë called them.", ["offer.pdf"])]
    assert (taken, held_in(server, "INBOX")) == (2, 0)
    assert (held_in(server, imap.DONE), held_in(server, imap.ASIDE)) == (before[0] + 1, before[1] + 1)


def test_what_was_taken_in_before_the_worker_died_is_moved_and_counts_once(server, settings, db, mail, submit):
    submit(ways_back.reply_to(settings, mail.id), "On it.", message_id="<again@example.com>")
    with imap.opened(settings.inbound_url) as mailbox:
        content = mailbox.content(mailbox.numbers()[0])
    first = inbox.sort(content, settings)
    inbox._take_in(db, first, now=make.MONDAY)  # noqa: SLF001  what the worker had done when it died

    assert inbox.read(db, settings, now=make.MONDAY) == 0

    with db.read() as session:
        assert session.query(Reply).count() == session.query(InboundMail).count() == 1
    assert held_in(server, "INBOX") == 0


def test_a_mail_that_postfix_cannot_deliver_stops_its_address(server, settings, db, mail):
    back = ways_back.envelope_sender(settings, mail, otherwise="")
    # By the side door, where unknown readers are not refused at once.
    sendmail = ["/usr/sbin/sendmail", "-C", str(server.folder / "etc"), "-f", back, "nobody@example.com"]
    subprocess.run(sendmail, input=b"Subject: Heads-up\n\nNorthwind\n", check=True)
    for _ in range(100):
        if inbox.read(db, settings, now=make.MONDAY):
            break
        time.sleep(0.2)

    with db.read() as session:
        (came,) = session.query(InboundMail)
        assert (came.kind, came.mail_id) == (InboundKind.BOUNCE, mail.id)
        assert [(each.stopped_why, each.status) for each in session.query(Address)] == [("hard", "5.1.1")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("battery", "wrong"), "refused the login"),
        (("/INBOX", "/Nowhere"), "no folder Nowhere"),
        (("imaps://", "http://"), "HEADSUP_INBOUND_URL"),
    ],
)
def test_a_mailbox_that_cannot_be_read_says_why_and_names_no_password(settings, db, change, words):
    wrong = settings.model_copy(update={"inbound_url": settings.inbound_url.replace(*change)})

    with pytest.raises(MailboxAway) as refused:
        inbox.read(db, wrong, now=make.MONDAY)

    assert words in str(refused.value)
    assert "horse" not in str(refused.value)
