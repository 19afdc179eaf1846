"""A company's own words: used where they are good, left aside where they are not; the mail goes out in any case."""

import re
from dataclasses import replace
from uuid import uuid4

import pytest

from models import Mail, MailKind, Role
from service.updates import letters, posting, samples
from service.updates.posting import Parcel
from tests import make

HEADS_UP = samples.samples()["heads-up"]


@pytest.fixture
def own(settings, tmp_path):
    """Put a template into the company's folder and return settings that name it."""

    def write(**files):
        for name, text in files.items():
            path = tmp_path / "own" / name.replace("__", "/").replace("_txt", ".txt.j2").replace("_mjml", ".mjml.j2")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return settings.model_copy(update={"templates": tmp_path / "own"})

    return write


def words(letter):
    """The text without its links, which are signed with the time."""
    return re.sub(r"https?://\S+", "", letter.text)


def test_one_file_stands_in_for_ours_and_the_rest_stays(own, settings):
    letter = letters.render(HEADS_UP, own(heads_up__subject_txt="Achtung: {{ mail.client.name }}"))

    ours = letters.render(HEADS_UP, settings)
    assert letter.subject == "Achtung: Northwind Foods"
    assert (words(letter), letter.trouble) == (words(ours), "")


def test_a_template_may_add_to_ours(own):
    added = '{% include "ours/footer.txt.j2" %}\nOur hotline: 117.'

    text = letters.render(HEADS_UP, own(footer_txt=added)).text

    assert "Reply to this mail and operations gets it." in text
    assert text.endswith("Our hotline: 117.\n")


def test_the_shared_words_can_be_those_of_another_language(own, tmp_path):
    settings = own()
    (tmp_path / "own").mkdir()
    ours = (letters.wording.OURS.get_source(None, "words.j2"))[0]
    words = ours.replace('"Monday"', '"Montag"').replace('"March"', '"März"').replace("I have it", "Ich habe es")
    (tmp_path / "own" / "words.j2").write_text(words)

    letter = letters.render(HEADS_UP, settings)

    assert "Montag 2 März, 17:00" in letter.text
    assert "Ich habe es" in letter.html


@pytest.mark.parametrize(
    "broken",
    [
        {"heads_up__subject_txt": "{{ mail.clint.name }}"},
        {"heads_up__subject_txt": "{% if %}"},
        {"heads_up__subject_txt": "   "},
        {"heads_up__part_mjml": "<mj-text>not closed"},
        {"heads_up__part_txt": "{{ 1 / 0 }}"},
        {"heads_up__part_txt": '{% include "gone.j2" %}'},
        {"heads_up__part_txt": "{{ 'x' * 500000 }}"},
        {"mail_mjml": '{% extends "mail.mjml.j2" %}'},
    ],
)
def test_a_template_that_fails_leaves_the_mail_to_ours_and_says_why(own, settings, broken):
    letter = letters.render(HEADS_UP, own(**broken))

    ours = letters.render(HEADS_UP, settings)
    assert (letter.subject, words(letter), letter.pictures) == (ours.subject, words(ours), ours.pictures)
    assert letter.trouble.startswith("heads_up: ")


def test_the_trouble_names_file_and_line(own):
    letter = letters.render(HEADS_UP, own(heads_up__subject_txt="\n{{ mail.clint.name }}"))

    assert "heads_up/subject.txt.j2, line 2" in letter.trouble
    assert "clint" in letter.trouble


def test_names_are_escaped_in_a_companys_own_html(own):
    settings = own(heads_up__part_mjml="<mj-text>{{ mail.said.cause }}</mj-text>")
    said = replace(samples.SAID, cause="<b>x</b>")

    letter = letters.render(replace(HEADS_UP, said=said), settings)

    assert letter.trouble == ""
    assert "&lt;b&gt;x" in letter.html


def test_operations_is_told_once_a_day_and_the_mail_goes_out(own, db):
    settings = own(heads_up__subject_txt="{{ nothing }}", notice__subject_txt="{{ nothing }}")
    with db.begin() as session:
        make.operator(session, "lena@example.com", Role.LEAD)
        for number in range(3):
            content = replace(HEADS_UP, to=replace(samples.TO, id=uuid4()))
            parcel = Parcel(MailKind.HEADS_UP, f"key-{number}", content, "rita@example.com", "alert.1")
            assert posting.post(session, parcel, settings, now=make.MONDAY)

    with db.read() as session:
        mails = session.query(Mail).all()
    told = [mail for mail in mails if mail.kind is MailKind.TEMPLATE]
    assert len(mails) == 3 + len(told)
    assert {mail.recipient for mail in told} == {"lena@example.com"}
    assert sorted(b"heads_up: " in mail.content for mail in told) == [False, True]
