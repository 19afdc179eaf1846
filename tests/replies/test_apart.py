"""What must not happen by itself: two installations that answer each other, an operator who presses a rep's button."""

from email import message_from_bytes, policy

import pytest

from models import Mail, MailState, Reply
from service.kit.settings import Settings
from service.updates import ways_back
from service.updates.envelope import Body, Envelope, pack
from tests import make


@pytest.fixture
def theirs(tmp_path):
    """The settings of another installation."""
    facts = {"inbound_address": "headsup@other.example", "mail_from": "Headsup <headsup@other.example>"}
    return Settings(data_dir=tmp_path, secret_key="o" * 43, _env_file=None, **facts)


def packed(settings, mail, to):
    envelope = Envelope(mail.id, "other.example", to, "Headsup", "Northwind may complain", root="<root@other.example>")
    return pack(envelope, Body("Northwind may complain.", "<p>Northwind</p>"), settings, now=make.MONDAY)


def test_two_installations_that_write_to_each_other_stop_at_one_mail_each(bring, rows, theirs, mail, reply_address):
    letter = packed(theirs, mail, reply_address)
    before = len(rows(Mail))

    kind = bring(letter)

    assert kind == "automatic"
    assert (len(rows(Mail)), rows(Reply)) == (before, [])


def test_our_mail_says_where_it_comes_back_to(settings, mail, reply_address):
    message = message_from_bytes(packed(settings, mail, "rita@example.com"), policy=policy.default)

    assert message["Reply-To"].addresses[0].addr_spec == reply_address
    assert len(reply_address.partition("@")[0]) <= 64
    assert ways_back.envelope_sender(settings, mail, otherwise="").endswith("@ops.example")


@pytest.fixture
def copy(db, settings, mail):
    """A mail in the outbox with all its links."""
    links = [ways_back.acknowledge_url(settings, mail.id), ways_back.pause_url(settings, mail.rep_id)]
    html = "".join(f'<a class="x" href="{link}">Press</a> or copy {link}' for link in links)
    content = make.letter(text=" ".join(links), html=html)
    content = content.replace(b"Subject:", f"Reply-To: {ways_back.reply_to(settings, mail.id)}\nSubject:".encode(), 1)
    with db.begin() as session:
        return make.mail(session, state=MailState.QUEUED, content=content), links


def test_the_console_s_copy_of_a_mail_cannot_act_for_the_rep(ola, copy, reply_address):
    mail, links = copy
    pages = [ola.get(f"/mail/{mail.id}").text, ola.get(f"/mail/{mail.id}/html").text]
    tokens = [link.rpartition("/")[2] for link in links] + [reply_address.partition("+")[2].partition("@")[0]]

    assert [token for token in tokens for page in pages if token in page] == []
    assert "Press" in pages[1]
    assert "href=" not in pages[1]
