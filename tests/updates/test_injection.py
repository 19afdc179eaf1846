"""Names and words from outside reach headers and HTML, and change neither who gets a mail nor what it does."""

import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from itertools import product
from uuid import UUID

import pytest

from models import MailKind
from service.updates import contents, posting
from service.updates.posting import Parcel
from service.updates.words import clean
from tests import make

NASTY = [
    "Foods, sam@example.com",
    'Foods" <sam@example.com>, "',
    "Foods\r\nBcc: sam@example.com",
    "Foods\nBcc: sam@example.com",
    "Foods\u2028Bcc: sam@example.com",
    "Foods\x00\x01",
    "=?utf-8?q?Foods=0D=0ABcc=3A_sam=40example=2Ecom?=",
    "<sam@example.com>",
    "Foods; sam@example.com",
    "مطعم الشمال \u202e moc.elpmaxe@mas",
    "北風食品株式会社",
    "Zażółć gęślą jaźń ÄÖÜ ß 😀",
    "x" * 200,
    "tickets without an answer at six times the usual in a week",
    "é" * 200,
    "",
    "\\",
    "(comment) Foods",
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}",
]
BREAKS = [
    "\r\n",
    "\n",
    "\r",
    "\u2028",
    "\u2029",
    "\x85",
    "\x0b",
    "\x0c",
    "\x00",
    "\x1e",
    "=0D=0A",
    "%0d%0a",
    "\u200b\n",
    "\\r\\n",
]
TRICKS = [
    "Bcc: sam@example.com",
    "To: sam@example.com",
    ", sam@example.com",
    "<sam@example.com>",
    '" <sam@example.com>, "',
    "RCPT TO:<sam@example.com>",
    ".\r\nMAIL FROM:<sam@example.com>",
    "\r\n\r\n<p>Another body</p>",
    "=?utf-8?b?DQpCY2M6IHNhbUBleGFtcGxlLmNvbQ==?=",
    "Content-Type: text/html",
    "X-Header: yes",
    "; filename=evil.exe",
]
MADE = [f"Foods{cut}{trick}" for cut, trick in product(BREAKS, TRICKS)]
MADE += [f"{trick}{cut}Foods{cut}" for cut, trick in product(BREAKS, TRICKS)]
MADE += [f"=?utf-8?q?{trick.replace(' ', '_')}{cut}?= Foods" for cut, trick in product(BREAKS, TRICKS)]
assert len(set(MADE)) + len(NASTY) >= 500
SAID = contents.Said(make.MONDAY, "Cause.", "Ola", "Fix.", "Say.", make.MONDAY + timedelta(hours=4))


def heads_up(text):
    """A heads-up in which all names and words are `text`, even what the databases would not store."""
    to = contents.To(UUID(int=1), text, "UTC", "https://headsup.example", 1)
    client = contents.Client("n", text, 0.8, 0.6, True, 14, make.MONDAY, (text,), (text,))
    return contents.HeadsUp(to, client, replace(SAID, cause=text, owner=text, fix=text, say=text))


@pytest.fixture
def content(settings):
    """The bytes of such a mail."""

    def compose(text):
        parcel = Parcel(MailKind.HEADS_UP, "key", heads_up(text), "rita@example.com", "alert.1")
        return posting.seal(parcel, settings, now=make.MONDAY).content

    return compose


def names(head):
    return re.findall(rb"^([A-Za-z-]+):", head, re.MULTILINE)


def head_of(content):
    return content.split(b"\r\n\r\n", 1)[0]


def check(nasty, plain, text):
    """One reader, the headers of every mail, and nothing but a text and an HTML part."""
    head = head_of(nasty)
    assert names(head) == names(head_of(plain))
    to = re.search(rb"^To: (.*?)\r\n\S", head, re.MULTILINE | re.DOTALL)[1]
    assert to.endswith(b"rita@example.com>" if clean(text) else b"rita@example.com")
    assert head.count(b"rita@example.com") == 1
    assert not re.search(rb"^[A-Za-z-]+:\s*\r\n", head, re.MULTILINE)
    assert all(byte >= 32 or byte in b"\r\n" for byte in head)
    parsed = message_from_bytes(nasty, policy=policy.default)
    assert [part.get_content_type() for part in parsed.walk()] == ["multipart/alternative", "text/plain", "text/html"]


@pytest.mark.parametrize("text", NASTY)
def test_a_mail_reaches_its_one_reader_with_no_other_header(content, text):
    check(content(text), content("Foods"), text)


@pytest.mark.parametrize("part", range(12))
def test_no_trick_of_hundreds_adds_a_reader_a_header_or_a_part(content, part):
    plain = content("Foods")

    for text in MADE[part::12]:
        check(content(text), plain, text)


@pytest.mark.parametrize("text", [text for text in NASTY if clean(text)])
def test_the_subject_reads_as_the_name_was(content, text):
    raw = re.search(rb"^Subject: (.*?)\r\n\S", content(text), re.MULTILINE | re.DOTALL)[1].decode("ascii")

    # An ASCII name that looks like an encoded word is read as one; it is a line all the same.
    subject = str(make_header(decode_header(raw.replace("\r\n", ""))))
    if "=?" not in text:
        assert subject.startswith(clean(text, 80) + " may complain")
    assert len(subject) <= 150
    assert all(len(word) <= 75 for word in re.findall(r"=\?utf-8\?\S*\?=", raw))


def test_the_reader_on_the_wire_is_the_reps_address_alone(db, tell, tick, mailbox):
    with db.begin() as session:
        for number, text in enumerate(NASTY[:6]):
            clean_name = clean(text)
            rep = make.rep(session, email=f"rita{number}@example.org", name=clean_name)
            raised = make.alert(session, make.account(session, rep=rep, name=clean_name))
            make.update(session, raised, cause=clean_name)

    tick()

    assert sorted(recipient for recipient, _ in mailbox.delivered) == [f"rita{n}@example.org" for n in range(6)]


def test_words_of_operations_are_text_in_html(content):
    mail = message_from_bytes(content("<b>bold</b> & <img src=x onerror=y>"), policy=policy.default)

    html = mail.get_body(("html",)).get_content()
    assert "<img src=x" not in html
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; &lt;img" in html


def test_prose_keeps_its_line_breaks(content):
    assert b"one<br />two" in content("one\ntwo").replace(b"=\r\n", b"")
