"""The headers of every kind of mail, for names of every kind, are those that are kept in headers.txt.

`HEADSUP_GOLDEN=write` writes them anew: read the difference before it is committed.
"""

import os
import re
from dataclasses import fields, is_dataclass, replace
from email import message_from_bytes, policy
from itertools import product
from pathlib import Path

import pytest

from models import MailKind
from service.updates import contents, posting, samples, ways_back
from service.updates.posting import Parcel
from tests import make

KEPT = Path(__file__).with_name("headers.txt")
NAMES = {
    "ascii": "Rita Reyes",
    "unicode": "Žofie Ångström-Łęcka 李",
    "rtl": "ريتا الأحمد",
    "long": "Wolfeschlegelsteinhausenbergerdorff " * 5 + "the Twentieth of Them",
}
SAMPLES = samples.samples()
KINDS = {contents.Digest: MailKind.DIGEST, contents.ManagerWeek: MailKind.MANAGER, contents.Receipt: MailKind.RECEIPT}
THREAD = ("<first@ops.example>", "<second@ops.example>")
WEEKLY = (contents.Digest, contents.ManagerWeek)


@pytest.fixture
def settings(settings):
    return settings.model_copy(
        update={
            "mail_from": "Headsup <headsup@ops.example>",
            "inbound_address": "answers@ops.example",
            "site_url": "https://headsup.example",
        }
    )


def renamed(content, name):
    """The content with another name for its reader and its clients."""
    if isinstance(content, tuple):
        return tuple(renamed(each, name) for each in content)
    if not is_dataclass(content):
        return content
    changed = {field.name: renamed(getattr(content, field.name), name) for field in fields(content)}
    return replace(content, **changed | ({"name": name} if "name" in changed else {}))


def sealed(settings, kind, name):
    content = renamed(SAMPLES[kind], NAMES[name])
    weekly, again = isinstance(content, WEEKLY), isinstance(content, contents.FollowUp)
    parcel = Parcel(
        kind=KINDS.get(type(content), MailKind.HEADS_UP),
        key="key",
        content=content,
        email="rita@example.com",
        root="alert.1",
        earlier=THREAD if again else (),
        list_name="weekly" if weekly else "heads-up",
        unsubscribe=ways_back.unsubscribe_url(settings, 1) if isinstance(content, contents.Digest) else "",
    )
    return posting.seal(parcel, settings, now=make.MONDAY)


def header_lines(content):
    """The headers as they go over the wire. Tokens differ from day to day, subjects are a matter of wording."""
    head = content.split(b"\r\n\r\n", 1)[0].decode("ascii")
    head = re.sub(r"boundary=\"[^\"]+\"", 'boundary="…"', head)
    head = re.sub(r"(/u/|answers\+)[^@>\s]+", r"\1…", head)
    lines = [line for line in re.split(r"\r\n(?=\S)", head) if not line.startswith("Subject:")]
    return "\n".join(line.replace("\r\n", "\n") for line in lines)


def test_the_headers_are_those_that_are_kept(settings):
    found = "\n\n".join(
        f"# {kind}, {name}\n{header_lines(sealed(settings, kind, name).content)}"
        for kind, name in product(SAMPLES, NAMES)
    )
    if os.environ.get("HEADSUP_GOLDEN") == "write":
        KEPT.write_text(found + "\n")

    assert found + "\n" == KEPT.read_text()


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_mail_of_every_kind_keeps_the_rules(settings, kind):
    for name in NAMES:
        content = sealed(settings, kind, name).content
        mail = message_from_bytes(content, policy=policy.default)
        assert header_lines(content) == header_lines(sealed(settings, kind, name).content)
        assert [mail[header] for header in ("Auto-Submitted", "X-Auto-Response-Suppress")] == ["auto-generated", "All"]
        assert len(mail.get_all("From")) == len(mail.get_all("To")) == len(mail.get_all("Message-ID")) == 1
        assert mail["From"].addresses[0].domain == mail["Message-ID"].partition("@")[2].rstrip(">") == "ops.example"
        assert 0 < len(mail["Subject"]) <= 150
        assert {part.get_content_type() for part in mail.walk()} >= {"text/plain", "text/html"}
        check_the_wire(content)


def check_the_wire(content):
    """Line lengths, size, characters, and no picture that a mail program would have to fetch."""
    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert len(content) <= 102_400
    assert all(byte >= 32 or byte in b"\r\n\t" for byte in content)
    html = message_from_bytes(content, policy=policy.default).get_body(("html",)).get_content()
    assert not re.search(r"<img[^>]+src=\"(?!cid:)", html)


def test_only_digests_can_be_ended_by_one_post(settings):
    for kind in SAMPLES:
        content = sealed(settings, kind, "ascii").content
        mail = message_from_bytes(content, policy=policy.default)
        url, post = mail["List-Unsubscribe"], mail["List-Unsubscribe-Post"]
        assert url is None or f"List-Unsubscribe: {url}\r\n".encode() in content
        assert (url is None, post is None) == (not kind.startswith("weekly"),) * 2
        assert url is None or re.fullmatch(r"<https://headsup\.example/u/[\w.=-]+>", url)


def test_news_stands_in_the_thread_of_its_alert(settings):
    mail = message_from_bytes(sealed(settings, "follow-up", "ascii").content, policy=policy.default)

    assert mail["In-Reply-To"] == THREAD[-1]
    assert mail["References"].split() == ["<alert.1@ops.example>", *THREAD]
