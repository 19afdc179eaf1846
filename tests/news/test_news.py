"""What is new stands in each rep's weekly mail, once."""

import json
from datetime import date, timedelta

import pytest

from tests import make
from tests.commands.conftest import cli
from tests.updates.conftest import mailbox, tick

__all__ = ["cli", "mailbox", "tick"]

LINE = "The depot in Spandau opens on Saturdays."


@pytest.fixture
def settings(settings, mailbox):
    more = {"smtp_url": mailbox.url, "mail_from": "Headsup <headsup@ops.example>", "digest_day": 1, "digest_hour": 9}
    return settings.model_copy(update=more)


@pytest.fixture
def rita(db):
    """A rep of retailers who has been there for weeks."""
    with db.begin() as session:
        rep = make.rep(session, email="rita@example.com", created_at=make.MONDAY - timedelta(days=30))
        make.score(session, make.account(session, rep=rep, segment="retail"), 0.1)
        return rep


@pytest.fixture
def add(db):
    def news(**facts):
        with db.begin() as session:
            return make.news(session, **facts)

    return news


def plain(mail):
    return mail.get_body(("plain",)).get_content()


def test_news_stand_in_the_next_weekly_mail_and_in_no_other(rita, add, tick, mailbox, later):
    add(until_day=date(2026, 4, 1))
    for _ in range(3):
        tick()
        later(days=7)

    assert [LINE in plain(mail) for mail in mailbox.to("rita@example.com")] == [True, False, False]


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"segment": "retail"}, True),
        ({"segment": "banks"}, False),
        ({"from_day": date(2026, 3, 3)}, False),
        ({"from_day": date(2026, 2, 20), "until_day": date(2026, 3, 1)}, False),
    ],
)
def test_news_are_for_their_days_and_segment(rita, add, tick, mailbox, facts, told):  # noqa: PLR0917
    add(**facts)
    tick()

    assert (LINE in plain(mailbox.to("rita@example.com")[0])) is told


def test_news_of_tomorrow_come_with_the_next_mail(rita, add, tick, mailbox, later):
    add(from_day=date(2026, 3, 3), until_day=date(2026, 3, 9))
    tick()
    later(days=7)
    tick()

    assert [LINE in plain(mail) for mail in mailbox.to("rita@example.com")] == [False, True]


def test_the_api_adds_lists_and_removes(api):
    said = {"text": LINE, "from_day": "2026-03-02", "until_day": "2026-03-08"}
    made = api.post("/v1/news", json=said).json()
    assert api.get("/v1/news").json()["items"] == [made]

    assert api.delete(f"/v1/news/{made['id']}").status_code == 204
    assert api.delete(f"/v1/news/{made['id']}").status_code == 404
    assert api.get("/v1/news").json()["items"] == []


@pytest.mark.parametrize("days", [("2026-03-08", "2026-03-02"), ("2026-02-01", "2026-03-01")])
def test_news_that_nobody_would_read_are_refused(api, days):
    answer = api.post("/v1/news", json={"text": LINE, "from_day": days[0], "until_day": days[1]})

    assert answer.status_code == 422


def test_the_command_adds_lists_and_removes(db, cli):
    made = json.loads(cli("news", "add", LINE, "--until", "2099-01-01", "--json").stdout)

    assert json.loads(cli("news", "list", "--json").stdout)["news"] == [made]
    assert cli("news", "remove", made["id"]).exit_code == 0
    assert json.loads(cli("news", "list", "--json").stdout)["news"] == []


def test_a_promise_stands_in_the_weekly_mail(db, rita, tick, mailbox):
    with db.begin() as session:
        account = session.query(make.Account).one()
        make.commitment(session, account)
        make.commitment(session, account, promise="Next year", due=date(2027, 1, 1))

    tick()

    said = plain(mailbox.to("rita@example.com")[0])
    assert "Northwind Foods, by Friday 6 March: Deliveries before 08:00" in said
    assert "Next year" not in said
