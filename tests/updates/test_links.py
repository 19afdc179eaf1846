"""The button: a page that never acts by being opened, and acts once when it is pressed."""

import random
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from models import AuditEntry, Mail
from service.alerts import queries as alerts
from service.kit import links
from tests import make


@pytest.fixture
def browser(app):
    """Somebody without a login."""
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def link(tick, tell, alert, mailbox):
    """The path behind the button, as the text part of the mail has it."""
    tell(alert)
    tick()
    text = mailbox.mails[0].get_body(("plain",)).get_content()
    return urlsplit(re.search(r"http\S+/a/\S+", text)[0]).path


@pytest.fixture
def acknowledged(db, alert):
    """How often the history and the audit log say that the rep has acknowledged."""

    def count():
        with db.read() as session:
            events = [event for event in alerts.events(session, alert.id) if event.kind == "rep_acknowledged"]
            lines = session.query(AuditEntry).filter(AuditEntry.action == "mail.acknowledge").count()
            assert len(events) == lines
            assert bool(events) == bool(session.query(Mail).filter(Mail.acknowledged_at.is_not(None)).count())
            return len(events)

    return count


def test_opening_the_page_acts_never(browser, link, acknowledged):
    for _ in range(50):
        assert browser.get(link, headers={"Sec-Purpose": "prefetch"}).status_code == 200
    assert browser.head(link).status_code == 200

    assert acknowledged() == 0


def test_the_page_names_the_account_and_has_one_button_and_no_script(browser, link):
    page = browser.get(link)

    assert "Northwind Foods" in page.text
    assert page.text.count("<button") == page.text.count("<form") == 1
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


def test_pressing_acts_once_however_often(browser, link, acknowledged):
    for _ in range(3):
        answer = browser.post(link)
        assert answer.status_code == 200
        assert "Thank you" in answer.text

    assert acknowledged() == 1


def test_a_race_of_presses_acts_once(browser, link, acknowledged):
    with ThreadPoolExecutor(8) as presses:
        answers = list(presses.map(lambda _: browser.post(link, follow_redirects=False).status_code, range(24)))

    assert set(answers) == {303}
    assert acknowledged() == 1


def test_no_altered_token_is_taken(browser, link, acknowledged):
    token = link.removeprefix("/a/")
    dice = random.Random(1)  # noqa: S311  not a secret
    altered = {token[:-1], token[1:], token + "A", token.swapcase(), "x", "%00", "a" * 5000}
    for at in dice.sample(range(len(token)), 40):
        # The last letter of each part carries padding bits that mean nothing; any other change must be noticed.
        if token[at] != "." and (at + 1 == len(token) or token[at + 1] == "."):
            continue
        altered.add(token[:at] + dice.choice("abcXYZ019") + token[at + 1 :])

    answers = {browser.post(f"/a/{each}").status_code for each in altered - {token}}

    assert answers == {404}
    assert acknowledged() == 0


def test_a_token_for_something_else_opens_nothing(browser, link, db, settings, acknowledged):
    with db.read() as session:
        mail = session.query(Mail).one()
    other_purpose = links.sign(settings, "pause", str(mail.id))
    other_subject = links.sign(settings, "acknowledge", str(mail.update_id))

    answers = [
        browser.request(verb, f"/a/{token}") for verb in ("GET", "POST") for token in (other_purpose, other_subject)
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert acknowledged() == 0


def test_a_mail_to_operations_is_no_heads_up_to_acknowledge(browser, db, settings):
    with db.begin() as session:
        note = make.mail(session, kind="escalation")

    assert browser.post(f"/a/{links.sign(settings, 'acknowledge', str(note.id))}").status_code == 404


def test_a_name_is_text_on_the_page(browser, db, link, alert):
    with db.begin() as session:
        alerts.alert(session, alert.id).account.name = "<script>alert(1)</script>"

    assert "<script" not in browser.get(link).text


def test_the_acknowledgement_shows_at_the_update(browser, api, link, alert):
    browser.post(link)

    (update,) = api.get(f"/v1/alerts/{alert.id}/updates").json()["updates"]
    assert update["sent_at"]
    assert update["acknowledged_at"]
