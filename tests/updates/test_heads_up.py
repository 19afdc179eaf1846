"""What a rep gets to read, as it arrived at the mail server."""

import re
from datetime import timedelta

import pytest

from models import Mail, Resolution
from service.alerts import queries
from service.updates import words
from tests import make
from tests.updates.conftest import SAID


@pytest.fixture
def arrived(tick, tell, alert, mailbox):
    """Tell Rita, and return the mail that she gets."""

    def deliver(**said):
        tell(alert, **said)
        tick()
        return mailbox.to("rita@example.com")[-1]

    return deliver


def parts(mail):
    return {kind: mail.get_body((kind,)).get_content() for kind in ("plain", "html")}


def test_the_subject_carries_the_fact(arrived):
    assert arrived()["subject"] == "Northwind Foods may complain: share delivered late 4 % → 19 %"


@pytest.mark.parametrize("part", ["plain", "html"])
def test_both_parts_say_all_that_operations_said(arrived, part):
    content = parts(arrived())[part]

    for said in (*SAID.values(), "Share delivered late 4 % → 19 % in 9 days", "Monday 2 March, 17:00 (Berlin time)"):
        assert said in content.replace("\u00a0", " ")


def test_the_starter_score_says_that_it_is_no_probability(arrived):
    assert "not a probability" in parts(arrived())["plain"]


def test_a_trained_risk_is_told_in_accounts_of_ten(arrived, db, alert):
    with db.begin() as session:
        queries.alert(session, alert.id).model = "2026-02-a1"

    assert "About 8 in 10 accounts like this complained within 14 days." in parts(arrived())["plain"]


def test_the_picture_comes_along_and_its_alt_text_has_the_numbers(arrived):
    mail = arrived()
    (picture,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]

    html = parts(mail)["html"]
    assert picture.get_content().startswith(b"\x89PNG")
    assert f"cid:{picture['content-id'].strip('<>')}" in html
    (alt,) = re.findall(r'alt="([^"]*23 February[^"]*)"', html)
    assert re.findall(r"\d+", alt)[-4:] == ["20", "23", "90", "60"]


def test_risks_of_two_kinds_are_not_drawn_into_one_line(tick, tell, db, mailbox):
    with db.begin() as session:
        account = make.account(session)
        make.risk_days(session, account, [0.5] * 20)
        alert = make.alert(session, account, model="2026-02-a1")
    tell(alert)

    tick()

    assert "image/png" not in [part.get_content_type() for part in mailbox.mails[0].walk()]


def test_an_account_without_history_gets_a_mail_without_a_picture(tick, tell, mailbox, db):
    with db.begin() as session:
        alert = make.alert(session, make.account(session))
    tell(alert)

    tick()

    assert [part.get_content_type() for part in mailbox.mails[0].walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


def test_the_mail_is_small_and_keeps_to_the_rules_of_the_wire(arrived, mailbox):
    html = parts(arrived())["html"]
    raw = mailbox.delivered[0][1]

    assert len(html.encode()) < 60_000
    assert len(raw) < 100_000
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_the_headers_name_sender_reader_thread_and_that_a_machine_wrote_it(arrived, alert, db):
    mail = arrived()

    with db.read() as session:
        stored = session.query(Mail).one()
    assert mail["from"] == "Headsup <headsup@ops.example>"
    assert mail["to"] == "Rita Reyes <rita@example.com>"
    assert mail["reply-to"] == "Headsup <headsup@ops.example>"
    assert mail["message-id"] == stored.message_id == f"<{stored.id.hex}@ops.example>"
    assert mail["references"] == f"<alert.{alert.id.hex}@ops.example>"
    assert mail["list-id"] == "<heads-up.ops.example>"
    assert (mail["auto-submitted"], mail["x-auto-response-suppress"]) == ("auto-generated", "All")
    assert mail["date"].datetime == make.MONDAY


def test_news_comes_in_the_same_thread(arrived, later):
    first = arrived()
    later(hours=1)

    second = arrived(cause="The second van is out.", urgent=True)

    assert second["subject"] == f"Re: {first['subject']}"
    assert second["in-reply-to"] == first["message-id"]
    assert second["references"] == f"{first['references']} {first['message-id']}"
    assert "News about Northwind Foods" in parts(second)["plain"]


@pytest.mark.parametrize(
    ("verb", "body", "said"),
    [
        ("resolve", {"note": "A van was added."}, "A van was added."),
        ("wrong", {"why": "Secret."}, "False alarm"),
    ],
)
def test_a_rep_who_was_told_hears_how_it_ended(api, arrived, tick, mailbox, alert, verb, body, said):  # noqa: PLR0917
    first = arrived()
    api.post(f"/v1/alerts/{alert.id}/{verb}", json=body)

    tick()
    tick()

    (last,) = mailbox.to("rita@example.com")[1:]
    assert said in parts(last)["plain"]
    assert "Secret" not in parts(last)["plain"]
    assert last["in-reply-to"] == first["message-id"]


def test_a_rep_who_was_not_told_does_not_hear_that_it_ended(tick, mailbox, alert, db, later):
    with db.begin() as session:
        ended = queries.alert(session, alert.id)
        ended.resolved_at, ended.resolution = later(minutes=5), Resolution.FIXED

    tick()

    assert mailbox.delivered == []


def test_the_next_update_is_told_by_the_clock_of_the_rep(session):
    lord_howe = words.moment(make.MONDAY + timedelta(hours=4), "Australia/Lord_Howe")

    assert lord_howe == "Tuesday 3 March, 03:00 (Lord Howe time)"
    assert words.moment(make.MONDAY, "UTC") == "Monday 2 March, 12:00 (UTC)"
