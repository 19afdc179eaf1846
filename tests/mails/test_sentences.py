"""A company's own sentences: told by the API, the console and mails alike; ours where theirs fail."""

import re
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files

import pytest

from service.scoring import actions, phrasebook
from service.updates import books, letters, samples, wording
from tests import make

TOTAL = phrasebook.EXAMPLES["total_moved"]
OURS = "Tickets without an answer: 7 in 7 days, usually 2.5"


@pytest.fixture
def own(settings, tmp_path):
    """Write a company's sentences and return settings that name the folder."""

    def write(text):
        (tmp_path / "own").mkdir(exist_ok=True)
        (tmp_path / "own" / "sentences.j2").write_text(text)
        return settings.model_copy(update={"templates": tmp_path / "own"})

    return write


def said(settings):
    return phrasebook.read(settings.templates).say("total_moved", **TOTAL)


def test_an_account_is_scored_in_the_companys_words(own, db, api):
    settings = own(
        "{% macro mean_moved(label, before, now) %}{{ label }} stieg von {{ before }} auf {{ now }}{% endmacro %}"
    )
    with db.begin() as session:
        make.daily(session, make.account(session), make.metric(session), [0.04] * 40 + [0.19] * 7)

    actions.score_due(db, settings, now=make.MONDAY + timedelta(hours=1))

    assert api.get("/v1/risk").json()["items"][0]["reasons"] == ["Share delivered late stieg von 4 % auf 19 %"]


def test_what_the_company_does_not_say_is_ours(own):
    settings = own("{% macro silent(label) %}{{ label }}: Stille{% endmacro %}")

    assert said(settings) == OURS
    assert books.trouble(settings.templates) == ""


def test_a_changed_file_counts_from_the_next_round_on(own):
    said(own("{% macro total_moved(label) %}one{% endmacro %}"))

    assert said(own("{% macro total_moved(label) %}two, and longer{% endmacro %}")) == "two, and longer"


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ("{% macro total_moved(label) %}{{ lable }}{% endmacro %}", "total_moved: 'lable' is undefined"),
        ("{% macro total_moved(lable) %}{{ lable }}{% endmacro %}", "total_moved: 'lable'"),
        ("{% macro total_moved() %} {% endmacro %}", "empty, or far too long"),
        ("{% macro total_moved() %}{{ 'x' * 5000 }}{% endmacro %}", "empty, or far too long"),
        ("{% macro total_moved( %}", "line 1"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{% macro totel_moved() %}x{% endmacro %}", "there is no sentence totel_moved"),
    ],
)
def test_a_sentence_that_fails_is_ours_and_the_mail_says_why(own, broken, why):
    settings = own(broken)

    assert said(settings) == OURS
    trouble = letters.render(samples.samples()["heads-up"], settings).trouble
    assert trouble.startswith("sentences.j2, ")
    assert why in trouble


def test_a_sentence_is_one_line(own):
    assert said(own("{% macro total_moved(label, now) %}\n  {{ label }}:\n  {{ now }}\n{% endmacro %}")) == (
        "Tickets without an answer: 7"
    )


@pytest.mark.parametrize("name", books.BOOKS)
def test_every_sentence_has_an_example_with_all_that_it_is_given(name):
    book = books.BOOKS[name]
    source = (files(book.package) / "templates" / name).read_text()

    macros = re.findall(r"{% macro ([a-z]\w*)\((.*?)\) %}", source)

    assert {macro: set(re.findall(r"\w+", given)) for macro, given in macros} == {
        macro: set(facts) for macro, facts in book.examples.items()
    }


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("urgent", "Operations calls it urgent."),
        ("own_words", "Operations has now said what is wrong."),
        ("risen", "The risk has risen since you were told."),
        ("late", "This comes later than we promised."),
        ("", "About 8 in 10 accounts like this"),
    ],
)
def test_a_follow_up_begins_with_why_it_comes_at_once(settings, why, said):
    letter = letters.render(replace(samples.samples()["follow-up"], why=why), settings)

    assert letter.text.split("\n\n")[1].startswith(said)
    assert said in letter.html


def test_the_reason_of_a_storm_is_said_in_the_companys_words(own, tmp_path):
    settings = own("")
    (tmp_path / "own" / "notice").mkdir()
    (tmp_path / "own" / "notice" / "storm.j2").write_text(
        "{% macro reason(crossed, accounts) %}{{ crossed }}!{% endmacro %}"
    )

    facts = {"crossed": 90, "accounts": 100}

    assert wording.say(settings.templates, "notice/storm.j2", "reason", **facts) == "90!"
    assert wording.say(settings.templates, "notice/late.j2", "button") == "Open the alert"
    assert wording.say(None, "notice/storm.j2", "reason", **facts).startswith(
        "90 of 100 accounts crossed the alert line"
    )


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"why": "soft"}, "The address failed too often: mails to it came back."),
        ({"why": "complaint"}, "The reader called a mail spam."),
        ({"why": "not_sent", "error": "550 no"}, "It could not be sent: 550 no."),
        ({"why": "not_sent"}, "It could not be sent: no reason is known."),
        ({"told": [{"name": "Halden", "cause": ""}]}, "Halden may complain soon."),
    ],
)
def test_who_can_call_hears_why_a_mail_did_not_get_there(settings, facts, said):
    notice = samples.samples()["operations-unreached"]

    assert said in letters.render(replace(notice, facts=notice.facts | facts), settings).text
