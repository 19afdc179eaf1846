"""E10: what comes in as mail, in every language and however broken, is read as it was meant, or set aside."""

import time
import tracemalloc
from uuid import UUID

import pytest

from models import Alert, InboundKind, Mail, Reply
from service.kit.fields import UNSAFE_IN_PROSE
from service.replies.sorting import sort
from service.updates import ways_back
from tests.replies import languages

# A mail of ours, whether it is there or not: what comes in is sorted without the database.
OURS = UUID("6f9619ff-8b86-4d01-b42d-00cf4fc964ff")


@pytest.fixture
def to(settings):
    return ways_back.reply_to(settings, OURS)


def squeezed(text):
    """Without spaces and line ends, which transport may change."""
    return "".join(text.split())


def test_there_are_two_hundred_files():
    replies = {content for _, content, _ in languages.replies("x@y")}

    assert len(replies) + len(list(languages.automatic("x@y"))) + len(BROKEN) >= 190


@pytest.mark.parametrize("language", languages.LANGUAGES, ids=[each.name for each in languages.LANGUAGES])
def test_the_answer_is_kept_and_the_quote_is_not(settings, to, language):
    for name, content, kept in languages.replies_in(language, to):
        found = sort(content, settings)

        assert found.kind is InboundKind.REPLY, name
        assert squeezed(found.words.body) == squeezed("".join(kept)), name


def test_a_machine_never_acts(bring, rows, reply_address):
    for name, content in languages.automatic(reply_address):
        assert bring(content) is InboundKind.AUTOMATIC, name

    assert rows(Reply) == []
    assert rows(Mail)[0].acknowledged_at is None
    assert rows(Alert)[0].acknowledged_at is None


def deep(kind):
    head = (
        f"Content-Type: {kind}; boundary=b\r\n\r\n--b\r\n" if "multipart" in kind else f"Content-Type: {kind}\r\n\r\n"
    )
    return [], f"MIME-Version: 1.0\r\n{head * 2000}".encode()


def parts(count, size):
    body = b"--b\r\nContent-Type: text/plain\r\n\r\nI called them.\r\n"
    file = b"--b\r\nContent-Type: application/pdf; name=offer.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    line = b"QUJD" * 19 + b"\r\n"
    return ["Content-Type: multipart/mixed; boundary=b"], body + (
        file + line * (size // count // 78)
    ) * count + b"--b--"


BIG = 25 * 1024 * 1024 - 300_000
# What somebody may send to keep the reader busy or to trip it.
BROKEN = {
    "a thousand parts": parts(1000, 1_000_000),
    "25 MB in a file": parts(1, BIG),
    "25 MB in a thousand files": parts(1000, BIG),
    "25 MB in a line": (["Content-Type: text/plain"], b"x" * BIG),
    "25 MB of boundaries": (["Content-Type: multipart/mixed; boundary=b"], b"\n--b" * (BIG // 4)),
    "25 MB of parts": (["Content-Type: multipart/mixed; boundary=b"], b"\n--b\n\nx" * (BIG // 7)),
    "25 MB of quotes": (["Content-Type: text/plain"], b"> " * (BIG // 2)),
    "25 MB of tags": (["Content-Type: text/html"], b"<div" * (BIG // 4)),
    "25 MB of comments": (["Content-Type: text/html"], b"<!--" * (BIG // 4)),
    "a header of 25 MB": (["X-Long: " + "a@" * (BIG // 2)], b"Hello"),
    "an address of 1 MB": (["Cc: " + "a" * 1_000_000], b"Hello"),
    "addresses in brackets": (["Cc: " + "(" * 100_000], b"Hello"),
    "encoded words without end": (["Cc: " + "=?utf-8?q?" * 50_000], b"Hello"),
    "parts in parts": deep("multipart/mixed"),
    "mails in mails": deep("message/rfc822"),
    "an unknown charset": (["Content-Type: text/plain; charset=klingon"], b"Hello"),
    "a codec that is no charset": (["Content-Type: text/plain; charset=zip"], b"Hello"),
    "a slow codec": (["Content-Type: text/plain; charset=punycode"], b"a" * 100_000 + b"-" + b"b" * 100_000),
    "NUL in a charset": (["Content-Type: text/plain; charset=\0"], b"Hello"),
    "broken base64": (["Content-Type: text/plain", "Content-Transfer-Encoding: base64"], b"=A=B\xff" * 1000),
    "broken uuencode": (
        ["Content-Type: text/plain", "Content-Transfer-Encoding: x-uuencode"],
        b"begin 644 x\n\xff\xfe",
    ),
    "lone surrogates": (["Content-Type: text/plain; charset=utf-16"], b"\x00\xd8" * 100),
    "control characters": (["Content-Type: text/plain"], bytes(range(256)) * 10),
    "a part that lies about itself": (["Content-Type: multipart/mixed"], b"Hello"),
    "no body": (["Content-Type: text/plain"], b""),
    "a name with line ends": (
        ["Content-Type: text/plain", "Content-Disposition: attachment; filename*=utf-8''a%0d%0aB"],
        b"",
    ),
    "wrote without end": (["Content-Type: text/plain"], b"On Mon 1@x wrote\n" * 10_000),
    "blank lines": (["Content-Type: text/html"], b"<br>" * 40_000),
}


@pytest.mark.parametrize("name", BROKEN)
def test_no_mail_keeps_the_reader_busy(settings, to, name):
    content = languages.mail(to, BROKEN[name])
    started = time.process_time()
    found = sort(content, settings)
    seconds = time.process_time() - started

    assert found.kind in {InboundKind.REPLY, InboundKind.UNREADABLE}
    assert found.words is None or not UNSAFE_IN_PROSE.search(found.words.body)
    assert seconds <= 2


@pytest.mark.parametrize("name", ["a thousand parts", "25 MB in a file", "25 MB of parts", "25 MB of tags"])
def test_no_mail_needs_much_memory(settings, to, name):
    content = languages.mail(to, BROKEN[name])
    tracemalloc.start()
    sort(content, settings)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert len(content) + peak <= 64 * 1024 * 1024


def test_a_mail_that_is_too_large_is_set_aside(settings, to):
    content = languages.mail(to, (["Content-Type: text/plain"], b"x" * 26 * 1024 * 1024))

    assert sort(content, settings).kind is InboundKind.UNREADABLE


@pytest.mark.parametrize(("claimed", "true"), [("us-ascii", "utf-8"), ("iso-8859-1", "utf-8"), ("utf-8", "cp1252")])
def test_text_that_lies_about_its_charset_is_read_all_the_same(settings, to, claimed, true):
    part = [f"Content-Type: text/plain; charset={claimed}"], "Zoë sagt: später für 5 €".encode(true)

    assert sort(languages.mail(to, part), settings).words.body == "Zoë sagt: später für 5 €"


def test_files_are_named_and_not_kept(settings, to):
    offer = "Content-Type: application/pdf; name=offer.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\n"
    body = f"--b\r\nContent-Type: text/plain\r\n\r\nSee the offer.\r\n--b\r\n{offer}--b--".encode()

    words = sort(languages.mail(to, (["Content-Type: multipart/mixed; boundary=b"], body)), settings).words

    assert (words.body, words.attachments) == ("See the offer.", ["offer.pdf"])
