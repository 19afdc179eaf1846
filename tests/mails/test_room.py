"""No mail is large, whatever people write and in whatever script; what is left out or cut is said to be."""

import re
from dataclasses import replace
from email import message_from_bytes, policy

import pytest

from models import Resolution
from service.commands import gallery
from service.updates import letters, samples
from service.updates.contents import Answer, CommitmentAtRisk, Digest, Ended, FollowUp, Group, HeadsUp, Notice, Said
from service.updates.parts import Domino, NewsLine

SCRIPTS = {
    "latin": "Größe für Übel. ",
    "cyrillic": "Машина опять опоздала. ",
    "chinese": "卡车又迟到了。",
    "emoji": "🚚😀",
}
LAST = "That was all."


def written(signs, length=2_000):
    """As much as an update can say."""
    prose = (signs * length)[: length - len(LAST)] + LAST
    return Said(samples.NOW, prose, signs[:7], prose, prose, samples.NOW)


def _group(said):
    clients = [replace(samples.NORTHWIND, account_id=f"A-{n}") for n in range(8)]
    return Group(samples.TO, tuple(HeadsUp(samples.TO, client, said, (said,) * 3) for client in clients))


def _week(said):
    call = tuple(replace(samples.CALL[0], account_id=f"A-{n}", said=said) for n in range(30))
    news = (NewsLine(said.cause[:300]),) * 40
    return Digest(samples.TO, samples.NOW.date(), call, samples.CHANGED, samples.FINE, 3, news, (_promise(said),) * 20)


def _promise(said):
    return replace(samples.PROMISE, promise=said.cause[:500], hangs_on_it=(Domino(said.cause[:200]),) * 20)


MAKE = {
    "heads-up": lambda said: HeadsUp(samples.TO, samples.NORTHWIND, said),
    "follow-up": lambda said: FollowUp(samples.TO, samples.NORTHWIND, said, "Re", earlier=(said,) * 30),
    "ended": lambda said: Ended(
        samples.TO, samples.NORTHWIND, Resolution.FIXED, samples.NOW, said.cause, unsaid=(said,) * 30
    ),
    "group": _group,
    "week": _week,
    "promise": lambda said: CommitmentAtRisk(
        samples.TO, "NW-204", "Northwind", _promise(said), (_promise(said),) * 20, said
    ),
    "answer": lambda said: Answer(samples.TO, said.cause, "Ola", said.cause * 10, samples.NOW),
    "unreached": lambda said: Notice(
        samples.LENA,
        "unreached",
        "https://headsup.example",
        {"who": "Rita", "name": "N", "why": "hard", "error": "", "told": [vars(said) | {"name": "N"}] * 10},
    ),
}


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("kind", MAKE)
def test_a_mail_stays_small_in_every_script(settings, kind, script):
    content = MAKE[kind](written(SCRIPTS[script]))

    letter, mail = gallery.frozen(content, settings, recipient="rita@example.com", now=samples.NOW)

    assert len(mail) < 60_000
    said = message_from_bytes(mail, policy=policy.default).get_body(("plain",)).get_content()
    assert said.splitlines() == letter.text.splitlines()
    assert SCRIPTS[script][:6] in said


def test_the_picture_gives_way_before_any_word_does(settings):
    letter = letters.render(MAKE["heads-up"](written(SCRIPTS["latin"])), settings)

    assert letter.pictures == ()
    assert letter.text.count(LAST) == letter.html.count(LAST) == 3
    assert "shortened" not in letter.text


def test_what_was_cut_or_left_out_says_so(settings):
    letter = letters.render(MAKE["follow-up"](written(SCRIPTS["cyrillic"])), settings)

    assert LAST not in letter.text
    assert all(
        re.search(r"And 2\d more\.", part) and "operations sends you the rest" in part
        for part in (letter.text, letter.html)
    )
