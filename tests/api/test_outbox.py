"""The outbox by API: what waits and why, hold it, release it, send a mail again."""

from models import HoldKind, Mail, MailState
from service.updates import holds
from tests import make


def outbox(db, count=3, **facts):
    with db.begin() as session:
        return [make.mail(session, **facts).id for _ in range(count)]


def test_the_list_says_where_each_mail_stands_and_why(api, db):
    outbox(db, 1)
    (stuck,) = outbox(db, 1, state=MailState.PARKED, last_error="550 no such user", attempts=8)

    answer = api.get("/v1/outbox?state=parked").json()

    (mail,) = answer["items"]
    assert (mail["id"], mail["state"], mail["attempts"]) == (str(stuck), "parked", 8)
    assert (mail["last_error"], mail["recipient"], answer["holds"]) == ("550 no such user", "rita@example.com", [])
    assert "content" not in mail


def test_pages_show_every_mail_once_though_more_come_in(api, db):
    mails = outbox(db, 5)
    first = api.get("/v1/outbox?limit=2").json()
    with db.begin() as session:
        make.mail(session, created_at=make.MONDAY.replace(hour=13))

    second = api.get("/v1/outbox", params={"limit": 3, "cursor": first["next"]}).json()

    assert second["next"] is None
    assert {each["id"] for each in first["items"] + second["items"]} == {str(each) for each in mails}


def test_a_hold_by_api_stops_the_outbox_until_its_release(api, db, clock):
    held = api.post("/v1/outbox/hold", json={"reason": "Monday's figures are wrong."}).json()["holds"]
    with db.read() as session:
        assert holds.of_all(session, now=clock.at).held_by == "key:test"
    again = api.post("/v1/outbox/hold", json={"reason": "Another reason."}).json()["holds"]

    released = api.post("/v1/outbox/release").json()

    assert [(each["kind"], each["reason"]) for each in held] == [("all", "Monday's figures are wrong.")]
    assert (again, released) == (held, {"holds": []})


def test_a_storm_is_seen_and_released(api, db, clock, later):
    with db.begin() as session:
        holds.hold_reps(session, "half of all", lasting=later(minutes=15) - make.MONDAY, by="headsup", now=clock.at)
    assert [each["kind"] for each in api.get("/v1/outbox").json()["holds"]] == [HoldKind.STORM]

    assert api.post("/v1/outbox/release").json() == {"holds": []}


def test_a_mail_that_was_given_up_goes_out_after_all(api, db):
    (parked,) = outbox(db, 1, state=MailState.PARKED, attempts=8, last_error="550")

    assert api.post(f"/v1/outbox/{parked}/again").status_code == 204
    with db.read() as session:
        mail = session.get(Mail, parked)
        assert (mail.state, mail.attempts, mail.last_error) == (MailState.QUEUED, 0, None)
    assert api.post(f"/v1/outbox/{parked}/again").status_code == 409


def test_a_hold_needs_a_reason(api):
    for body in (
        {},
        {"reason": ""},
        {"reason": " "},
        {"reason": "x" * 201},
        {"reason": 3},
        {"reason": "x", "until": 1},
    ):
        assert api.post("/v1/outbox/hold", json=body).status_code == 422
