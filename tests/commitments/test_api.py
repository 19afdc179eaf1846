"""Promises over HTTP, by file, and in the console."""

import json

import pytest

from models import AuditEntry, Commitment
from service.commitments.rules import read_domino
from tests import make
from tests.commands.conftest import cli

__all__ = ["cli"]

URL = "/v1/commitments"
SAID = {"account_id": "northwind", "promise": "Before 08:00", "due": "2026-03-06"}


@pytest.fixture
def made(api, account):
    return api.post(URL, json=SAID | {"metric": "late_share"}).json()


def test_a_promise_takes_its_metrics_target_where_it_has_none(made):
    assert (made["target"], made["state"], made["at_risk"], made["made_by"]) == (0.05, "open", False, "key:test")


@pytest.mark.parametrize(
    ("said", "status", "title"),
    [
        ({"account_id": "nobody"}, 404, "There is no such account"),
        ({"metric": "nothing"}, 404, "There is no such metric"),
        ({"target": 3}, 422, "A promise that is held against a metric needs a target"),
        ({"promise": "  "}, 422, None),
        ({"due": "06.03.2026"}, 422, None),
        ({"dominoes": [{"what": "x"}] * 21}, 422, None),
    ],
)
def test_what_cannot_be_promised_is_refused(api, account, said, status, title):
    answer = api.post(URL, json=SAID | said)

    assert answer.status_code == status
    assert title in {None, answer.json()["title"]}


def test_an_id_of_the_company_is_given_once(api, account):
    answers = [api.post(URL, json=SAID | {"reference": "crm-1"}).status_code for _ in range(2)]

    assert answers == [201, 409]


def test_a_change_keeps_what_is_left_out_and_is_looked_at_anew(api, db, made):
    with db.begin() as session:
        session.query(Commitment).one().looked_at = make.MONDAY
    changed = api.patch(f"{URL}/{made['id']}", json={"due": "2026-03-13", "target": 0.02}).json()

    assert changed == made | {"due": "2026-03-13", "target": 0.02}
    with db.read() as session:
        assert session.query(Commitment).one().looked_at is None


def test_a_promise_can_be_taken_from_its_metric(api, made):
    changed = api.patch(f"{URL}/{made['id']}", json={"metric": None}).json()

    assert (changed["metric"], changed["target"]) == (None, None)


def test_a_closed_promise_stays_as_it_ended(api, made, rows):
    ends = [api.post(f"{URL}/{made['id']}/close", json={"state": each}) for each in ("kept", "kept", "broken")]

    assert [answer.status_code for answer in ends] == [200, 200, 409]
    assert ends[1].json()["closed_by"] == "key:test"
    assert api.patch(f"{URL}/{made['id']}", json={"due": "2026-03-13"}).status_code == 409
    assert [line.action for line in rows(AuditEntry) if "commitment" in line.action] == [
        "commitment.make",
        "commitment.close",
    ]


def test_the_list_goes_by_due_day_a_page_at_a_time(api, account):
    for day in (20, 6, 13, 6):
        api.post(URL, json=SAID | {"due": f"2026-03-{day:02d}"})

    first = api.get(URL, params={"limit": 3}).json()
    second = api.get(URL, params={"limit": 3, "cursor": first["next"]}).json()

    assert [each["due"][-2:] for each in first["items"] + second["items"]] == ["06", "06", "13", "20"]
    assert second["next"] is None


def test_the_list_shows_those_at_risk_or_of_an_account(api, db, account, made):
    with db.begin() as session:
        make.commitment(session, make.account(session), at_risk_since=make.MONDAY, danger="overdue")

    at_risk = api.get(URL, params={"state": "at_risk"}).json()["items"]
    mine = api.get(URL, params={"account_id": "northwind"}).json()["items"]

    assert [each["danger"] for each in at_risk] == ["overdue"]
    assert [each["id"] for each in mine] == [made["id"]]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-03-07 The reopening in Tegel", ("The reopening in Tegel", "2026-03-07")),
        ("Fresh bread by 07:30", ("Fresh bread by 07:30", None)),
        ("2026-03-07", ("2026-03-07", None)),
    ],
)
def test_a_domino_is_a_day_and_what_falls(text, read):
    assert tuple(read_domino(text).values()) == read


def test_promises_come_by_file_and_a_second_time_change_nothing(cli, account, tmp_path, rows):
    path = tmp_path / "promises.csv"
    path.write_text(
        "reference,account_id,promise,due,metric,target,dominoes\n"
        "c1,northwind,Before 08:00,2026-03-06,late_share,0.04,2026-03-07 Reopening; Bread\n"
        "c2,contoso,No broken pallets,2026-04-01,,,\n"
        "c3,contoso,Nothing,soon,,,\n"
    )

    reports = [json.loads(cli("import", "commitments", str(path), "--json").stdout) for _ in range(2)]

    assert [(report["accepted"], report["rejected"]) for report in reports] == [(2, 1)] * 2
    assert [line.action for line in rows(AuditEntry)].count("commitment.make") == 2
    assert {each.external_id: len(each.dominoes) for each in rows(Commitment)} == {"c1": 2, "c2": 0}


def test_an_ending_is_taken_back_once_and_the_promise_is_looked_at_anew(api, db, made, rows):
    api.post(f"{URL}/{made['id']}/close", json={"state": "broken"})

    opened = [api.post(f"{URL}/{made['id']}/reopen").json() for _ in range(2)]

    assert opened == [made, made]
    assert [line.action for line in rows(AuditEntry)].count("commitment.reopen") == 1
    assert api.patch(f"{URL}/{made['id']}", json={"due": "2026-03-13"}).status_code == 200


def test_who_was_told_of_a_risk_is_not_told_again_when_it_is_opened_again(api, db, made, rows):
    since = {"at_risk_since": make.MONDAY, "danger": "overdue"}
    with db.begin() as session:
        mail = make.mail(session, recipient="rita@example.com")
        session.query(Commitment).update(since | {"mail_id": mail.id})
    api.post(f"{URL}/{made['id']}/close", json={"state": "kept"})

    assert api.post(f"{URL}/{made['id']}/reopen").json()["at_risk"]
    assert rows(Commitment)[0].mail_id == mail.id
