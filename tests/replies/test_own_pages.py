"""The pages behind links in a company's own words, and in ours where these fail."""

import pytest

from service.replies import pages
from service.updates import ways_back
from tests.replies.test_acknowledge import path

OWN = '{% extends "ours/pause.html.j2" %}{% block card %}<h1>Urlaub?</h1>{% endblock %}'


@pytest.fixture
def settings(settings, tmp_path):
    return settings.model_copy(update={"templates": tmp_path / "own"})


@pytest.fixture
def write(settings):
    """Put a page into the company's folder; the pages are compiled anew."""

    def put(name, text):
        folder = settings.templates / "pages"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.html.j2").write_text(text)

    return put


def test_a_company_says_it_in_its_own_words_under_the_same_policy(browser, settings, mail, write):
    write("pause", OWN)

    answer = browser.get(path(ways_back.pause_url(settings, mail.rep_id)))

    assert (answer.status_code, "Urlaub?" in answer.text) == (200, True)
    assert answer.headers["content-security-policy"] == pages.HEADERS["Content-Security-Policy"]
    assert pages.trouble(settings.templates) == ""


@pytest.mark.parametrize("broken", ["{{ no_such_name }}", "{% block %}", "{{ (1/0) }}"])
def test_a_page_that_fails_is_ours_and_the_check_says_why(browser, settings, mail, write, broken):
    write("pause", broken)

    answer = browser.get(path(ways_back.pause_url(settings, mail.rep_id)))

    assert "Pause your mails" in answer.text
    assert pages.trouble(settings.templates).startswith("pages/pause: ")


def test_what_is_not_overridden_stays_ours(browser, write):
    write("pause", OWN)

    answer = browser.get("/a/nonsense")

    assert (answer.status_code, "This link is not valid" in answer.text) == (404, True)


def test_the_examples_have_all_that_ours_use(tmp_path):
    assert pages.trouble(tmp_path) == ""
