"""The outlook: what the tables say, over HTTP."""

from datetime import timedelta
from uuid import uuid4

import pytest

from models import Account, Mail, MailKind, MailState, ScoreDay, Telling, Update, UpdateKind
from service.outlook import actions
from tests import make

CALL = make.MONDAY - timedelta(days=5)  # Wednesday noon, ISO week 9.
WATCHING = CALL - timedelta(days=60)


@pytest.fixture
def world(db):
    """Headsup has been watching for two months."""
    with db.begin() as session:
        account = make.account(session, external_id="northwind")
        session.add(ScoreDay(account_id=account.id, day=WATCHING.date(), risk=0.1, model="starter"))
        return account.id


def mail(session, alert, sent_at, **facts):
    """A heads-up mail about an alert, sent then (or still waiting)."""
    defaults = {
        "kind": MailKind.HEADS_UP,
        "dedupe_key": str(uuid4()),
        "alert_id": alert.id,
        "recipient": "rita@example.com",
        "subject": "Heads-up",
        "message_id": str(uuid4()),
        "content": b"",
        "state": MailState.SENT if sent_at else MailState.QUEUED,
        "sent_at": sent_at,
        "created_at": CALL,
        "next_at": CALL,
    }
    row = Mail(**defaults | facts)
    session.add(row)
    session.flush()
    if row.update_id:
        session.add(Telling(update_id=row.update_id, mail_id=row.id))
    return row


@pytest.fixture
def told(db, world):
    """An alert two days before the call; its mail was sent a day before it."""
    with db.begin() as session:
        alert = make.alert(session, make.account(session, name="Told"), at=CALL - timedelta(days=2))
        session.refresh(alert, ["account"])
        session.refresh(alert.account, ["rep"])
        mail(session, alert, CALL - timedelta(days=1), rep_id=alert.account.rep_id)
        make.complaint(session, alert.account, at=CALL)
        return alert.id


def test_the_rep_was_told_a_working_day_before_the_call(api, told):
    outlook = api.get("/v1/outlook").json()

    total = outlook["summary"]
    assert (total["complaints"], total["told_first"], total["told_first_rate"]) == (1, 1, 1.0)
    assert (total["head_start_hours_median"], total["alerts"], total["right"]) == (8.0, 1, 1)


def test_each_week_has_its_own_row_even_if_nothing_happened_in_it(api, told):
    weeks = api.get("/v1/outlook?since=2026-02-09T00:00:00Z").json()["weeks"]

    assert [(week["week"], week["begins_on"]) for week in weeks] == [
        ("2026-W07", "2026-02-09"),
        ("2026-W08", "2026-02-16"),
        ("2026-W09", "2026-02-23"),
        ("2026-W10", "2026-03-02"),
    ]
    assert [week["complaints"] for week in weeks] == [0, 0, 1, 0]


def test_a_missed_complaint_is_on_the_list(api, db, world):
    with db.begin() as session:
        make.complaint(session, session.get_one(Account, world), at=CALL, external_id="c-1", about="Late again.")

    outlook = api.get("/v1/outlook").json()

    assert outlook["summary"]["missed"] == 1
    assert [(each["complaint_id"], each["account_id"], each["about"]) for each in outlook["missed"]] == [
        ("c-1", "northwind", "Late again.")
    ]


def test_what_was_imported_from_before_headsup_watched_was_not_missed(api, db, world):
    with db.begin() as session:
        make.complaint(session, session.get_one(Account, world), at=WATCHING - timedelta(days=1))

    outlook = api.get("/v1/outlook?since=2025-01-01T00:00:00Z").json()

    assert outlook["summary"]["complaints"] == 0
    assert outlook["since"] == outlook["watching_since"] == "2025-12-27T00:00:00Z"


def test_a_fresh_installation_has_an_empty_outlook(api):
    outlook = api.get("/v1/outlook").json()

    assert (outlook["summary"]["complaints"], outlook["weeks"], outlook["missed"]) == (0, [], [])


@pytest.mark.parametrize(
    ("facts", "sent"),
    [
        ({}, False),  # It still waits.
        ({"kind": MailKind.ESCALATION}, True),  # It told the lead, not the rep.
        ({"kind": MailKind.LATE_UPDATE}, True),
    ],
)
def test_only_a_heads_up_that_was_sent_tells_the_rep(api, db, world, facts, sent):
    with db.begin() as session:
        alert = make.alert(session, session.get_one(Account, world), at=CALL - timedelta(days=2))
        mail(session, alert, CALL - timedelta(days=1) if sent else None, **facts)
        make.complaint(session, session.get_one(Account, world), at=CALL)

    assert api.get("/v1/outlook").json()["summary"]["not_told"] == 1


@pytest.mark.parametrize(("kind", "verdict"), [(UpdateKind.PLAIN, "told_first"), (UpdateKind.RESOLVED, "not_told")])
def test_the_news_that_all_is_well_is_no_warning(api, db, world, kind, verdict):
    with db.begin() as session:
        alert = make.alert(session, session.get_one(Account, world), at=CALL - timedelta(days=2))
        update = Update(alert_id=alert.id, kind=kind, written_at=CALL, written_by="worker")
        session.add(update)
        session.flush()
        mail(session, alert, CALL - timedelta(days=1), alert_id=None, update_id=update.id)
        make.complaint(session, session.get_one(Account, world), at=CALL)

    assert api.get("/v1/outlook").json()["summary"][verdict] == 1


def test_the_complaints_of_one_account_have_verdicts(db, settings, told, world):
    with db.begin() as session:
        mine = make.complaint(session, session.get_one(Account, world), at=CALL)

    with db.read() as session:
        verdicts = actions.account_verdicts(session, settings, world, now=make.MONDAY)

    assert {each: judged.verdict for each, judged in verdicts.items()} == {mine.id: "missed"}


@pytest.mark.parametrize(
    "query",
    [
        "since=2026-03-01T00:00:00Z&until=2026-02-01T00:00:00Z",
        "since=2010-01-01T00:00:00Z",
        "since=2027-01-01T00:00:00Z",
        "since=2026-02-01",
        "since=2026-02-01T00:00:00",
        "until=0001-01-01T00:00:00%2B14:00",
    ],
)
def test_a_time_that_makes_no_sense_is_a_422_problem(api, query):
    answer = api.get(f"/v1/outlook?{query}")

    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_the_outlook_needs_the_scope_read(client_with):
    assert client_with("ingest").get("/v1/outlook").status_code == 403
