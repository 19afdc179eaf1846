"""Names and words from outside reach headers and HTML, and change neither who gets a mail nor what it does."""

import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from uuid import uuid4

import pytest

from models import MailKind
from service.updates import posting, samples
from service.updates.contents import HeadsUp, Said, To
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


@pytest.fixture
def letter(settings):
    """Compose a mail in which all names and words are `text`, even what the databases would not store."""

    def compose(text):
        said = Said(make.MONDAY, cause=text, owner=text, fix=text, say=text, next_update_at=make.MONDAY)
        client = replace(samples.NORTHWIND, account_id=text, name=text, rising=(text,), lowering=(text,), days=())
        content = HeadsUp(To(uuid4(), text, "UTC", settings.site_url, rep_id=1), client, said)
        parcel = Parcel(MailKind.HEADS_UP, "key", content, "rita@example.com", "alert.1")
        return posting.seal(parcel, settings, now=make.MONDAY)

    return compose


@pytest.mark.parametrize("text", NASTY)
def test_a_mail_reaches_its_one_reader_with_no_other_header(letter, text):
    plain, nasty = letter("Foods").content, letter(text).content

    head = nasty.split(b"\r\n\r\n", 1)[0]
    names = re.findall(rb"^([A-Za-z-]+):", head, re.MULTILINE)
    assert names == re.findall(rb"^([A-Za-z-]+):", plain.split(b"\r\n\r\n", 1)[0], re.MULTILINE)
    to = re.search(rb"^To: (.*?)\r\n\S", head, re.MULTILINE | re.DOTALL)[1]
    assert to.endswith(b"rita@example.com>" if clean(text) else b"rita@example.com")
    assert head.count(b"rita@example.com") == 1
    assert not re.search(rb"^[A-Za-z-]+:\s*\r\n", head, re.MULTILINE)
    assert all(byte >= 32 or byte in b"\r\n" for byte in head)


@pytest.mark.parametrize("text", [text for text in NASTY if clean(text)])
def test_the_subject_reads_as_the_name_was(letter, text):
    raw = re.search(rb"^Subject: (.*?)\r\n\S", letter(text).content, re.MULTILINE | re.DOTALL)[1].decode("ascii")

    # An ASCII name that looks like an encoded word is read as one; it is a line all the same.
    subject = str(make_header(decode_header(raw.replace("\r\n", ""))))
    if "=?" not in text:
        assert subject.startswith(clean(text, 80) + " may complain")
    assert len(subject) <= 150
    assert all(len(word) <= 75 for word in re.findall(r"=\?utf-8\?\S*\?=", raw))


def test_words_of_operations_are_text_in_html(letter):
    mail = message_from_bytes(letter("<b>bold</b> & <img src=x onerror=y>").content, policy=policy.default)

    html = mail.get_body(("html",)).get_content()
    assert "<img src=x" not in html
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; &lt;img" in html


def test_prose_keeps_its_line_breaks(letter):
    assert b"one<br />two" in letter("one\ntwo").content.replace(b"=\r\n", b"")
