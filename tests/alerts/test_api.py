"""Alerts over HTTP."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from models import AuditEntry
from tests import make


@pytest.fixture
def alert_id(db):
    """An open alert, and Ola who may take it."""
    with db.begin() as session:
        make.operator(session)
        return make.alert(session, make.account(session)).id


@pytest.fixture
def post(api, alert_id):
    headers = {"Content-Type": "application/json"}

    def post(verb, body=None):
        return api.post(f"/v1/alerts/{alert_id}/{verb}", content=json.dumps(body), headers=headers)

    return post


def alerts_of_risks(db, *risks):
    with db.begin() as session:
        for age, risk in enumerate(risks):
            make.alert(session, make.account(session), risk, at=make.MONDAY - timedelta(hours=age))


def shown(answer):
    return [alert["risk"] for alert in answer.json()["items"]]


def test_the_list_shows_live_alerts_the_riskiest_first(api, db):
    alerts_of_risks(db, 0.7, 0.95, 0.8)

    assert shown(api.get("/v1/alerts")) == [0.95, 0.8, 0.7]
    assert shown(api.get("/v1/alerts?sort=opened")) == [0.7, 0.95, 0.8]


def test_by_priority_those_with_most_at_stake_come_first(api, db):
    with db.begin() as session:
        for risk, rise, value in ((0.9, 0.1, 50_000.0), (0.7, 0.4, 90_000.0), (0.8, 0.5, None)):
            account = make.account(session, value=value)
            make.score(session, account, risk, rise=rise)
            make.alert(session, account, risk)
        make.alert(session, make.account(session), 0.6)

    # The unknown value counts as the mean of the known: 35,000, then 36,000 and 5,000; without a score comes last.
    assert shown(api.get("/v1/alerts?sort=priority")) == [0.8, 0.7, 0.9, 0.6]


def test_a_page_by_priority_goes_on_where_it_stopped_whatever_has_moved_since(api, db):
    with db.begin() as session:
        accounts = [make.account(session, value=100.0) for _ in range(5)]
        scores = [make.score(session, account, 0.8, rise=0.9 - n / 10) for n, account in enumerate(accounts)]
        alerts = [make.alert(session, account) for account in accounts]
    first = api.get("/v1/alerts?sort=priority&limit=2").json()
    with db.begin() as session:
        session.merge(scores[0]).rise = 0.99
        ended = session.merge(alerts[1])
        ended.resolution, ended.resolved_at = "fixed", make.MONDAY

    rest = api.get(f"/v1/alerts?sort=priority&limit=9&cursor={first['next']}").json()

    assert [item["id"] for item in first["items"] + rest["items"]] == [str(alert.id) for alert in alerts]


@pytest.mark.parametrize("sort", ["risk", "priority", "opened"])
def test_pages_give_each_alert_once_even_where_they_tie(api, db, sort):
    alerts_of_risks(db, 0.8, 0.8, 0.9, 0.8, 0.7)
    seen, cursor = [], ""
    while cursor is not None:
        page = api.get(f"/v1/alerts?sort={sort}&limit=2" + (f"&cursor={cursor}" if cursor else "")).json()
        seen += [alert["id"] for alert in page["items"]]
        cursor = page["next"]

    assert len(seen) == len(set(seen)) == 5


MADE_BY_HAND = {"x": "invalid", "%00": "invalid", "é": "invalid", "=": "invalid", "a.b.c": "cursor-invalid"}


@pytest.mark.parametrize(("cursor", "problem"), MADE_BY_HAND.items())
def test_a_cursor_made_by_hand_is_refused(api, cursor, problem):
    answer = api.get(f"/v1/alerts?cursor={cursor}")

    assert (answer.status_code, answer.json()["type"].rsplit("/")[-1]) == (422, problem)


def test_the_list_can_be_narrowed(api, db, post):
    alerts_of_risks(db, 0.7)
    post("assign", {"to": "ola@example.com"})
    post("acknowledge")

    assert shown(api.get("/v1/alerts?status=open")) == [0.7]
    assert shown(api.get("/v1/alerts?status=acknowledged&assigned_to=ola@example.com")) == [0.8]
    assert shown(api.get("/v1/alerts?rep=nobody@example.com")) == []
    rep = api.get("/v1/alerts?status=open").json()["items"][0]["rep"]
    assert shown(api.get("/v1/alerts", params={"rep": rep})) == [0.7]


def test_an_alert_tells_its_whole_story(api, post, alert_id, later):
    post("acknowledge")
    later(minutes=5)
    post("resolve", {"note": "Rerouted."})

    story = api.get(f"/v1/alerts/{alert_id}").json()

    assert (story["status"], story["resolution"], story["resolution_note"]) == ("resolved", "fixed", "Rerouted.")
    assert [(event["kind"], event["actor"]) for event in story["events"]] == [
        ("acknowledged", "key:test"),
        ("resolved", "key:test"),
    ]


def test_a_person_s_move_is_in_the_audit_log(db, post, alert_id):
    post("wrong", {"why": "Test orders."})

    with db.read() as session:
        line = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (line.actor, line.action, line.subject) == ("key:test", "alert.wrong", str(alert_id))


def test_acknowledging_twice_changes_nothing(api, post, alert_id, later):
    first = post("acknowledge").json()
    later(hours=1)

    again = post("acknowledge")

    assert (again.status_code, again.json()) == (200, first)
    assert len(api.get(f"/v1/alerts/{alert_id}").json()["events"]) == 1


@pytest.mark.parametrize(("verb", "body"), [("resolve", {"note": "Done."}), ("wrong", {"why": "Test orders."})])
def test_ending_twice_the_same_way_changes_nothing(post, verb, body):
    first = post(verb, body)

    assert post(verb, body).json() == first.json()
    assert post(verb, body).status_code == 200


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("acknowledge", None),
        ("assign", {"to": "ola@example.com"}),
        ("snooze", {"until_risk": 0.99}),
        ("wrong", {"why": "No."}),
    ],
)
def test_nothing_happens_to_an_alert_that_has_ended(post, verb, body):
    post("resolve", {})

    answer = post(verb, body)

    assert (answer.status_code, answer.json()["title"]) == (409, "The alert has ended")


def test_a_snoozed_alert_says_until_when(post):
    alert = post("snooze", {"until": "2026-03-04T09:00:00+01:00", "until_risk": 0.9}).json()

    assert (alert["status"], alert["snoozed_until"]) == ("snoozed", "2026-03-04T08:00:00Z")
    assert alert["snoozed_until_risk"] == 0.9


def test_a_snooze_by_risk_alone_ends_after_90_days(post):
    assert post("snooze", {"until_risk": 0.9}).json()["snoozed_until"] == "2026-05-31T12:00:00Z"


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("snooze", {}),
        ("snooze", {"until": "2026-03-02T12:00:00Z"}),  # now
        ("snooze", {"until": "2026-06-02T12:00:00Z"}),  # in 92 days
        ("snooze", {"until": "2026-03-04T09:00:00"}),  # nobody knows when that is
        ("snooze", {"until": 1772442000}),
        ("snooze", {"until_risk": 0.8}),  # the present risk
        ("snooze", {"until_risk": 1.01}),
        ("snooze", {"until_risk": True}),
        ("assign", {"to": "nobody@example.com"}),
        ("assign", {"to": "ola"}),
        ("wrong", {"why": " "}),
        ("wrong", {}),
        ("wrong", {"why": "\x00"}),
        ("wrong", {"why": "No.", "reason": "no idea"}),
        ("resolve", {"note": "\ud800"}),
        ("resolve", {"note": "x" * 2001}),
        ("resolve", {"note": "Done.", "by": "somebody else"}),
    ],
)
def test_what_makes_no_sense_is_a_422_problem_and_changes_nothing(api, post, alert_id, verb, body):
    answer = post(verb, body)

    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert api.get(f"/v1/alerts/{alert_id}").json()["events"] == []


def test_an_unknown_alert_is_a_404_problem(api):
    answer = api.post(f"/v1/alerts/{uuid4()}/acknowledge")

    assert (answer.status_code, answer.json()["title"]) == (404, "There is no such alert")


def test_a_key_that_may_only_read_cannot_move_an_alert(client_with, alert_id):
    reader = client_with("read")

    assert reader.get(f"/v1/alerts/{alert_id}").status_code == 200
    assert reader.post(f"/v1/alerts/{alert_id}/acknowledge").status_code == 403


def test_the_list_says_how_many_accounts_wait_for_room(api, db, settings):
    with db.begin() as session:
        for _ in range(25):
            make.score(session, make.account(session), 0.9)

    assert api.get("/v1/alerts").json()["waiting"] == 25 - 2 * settings.alerts_per_day


@pytest.mark.parametrize(
    ("body", "kept"),
    [({"why": "Test orders.", "reason": "data_error"}, "data_error"), ({"why": "Test orders."}, "other")],
)
def test_what_was_wrong_is_one_of_a_few_reasons_beside_the_words(api, alert_id, post, body, kept):
    answer = post("wrong", body).json()

    assert (answer["wrong_reason"], answer["resolution_note"]) == (kept, "Test orders.")
    assert api.get(f"/v1/alerts/{alert_id}").json()["events"][-1]["detail"]["reason"] == kept
