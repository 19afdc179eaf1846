"""Complaints: recorded once, corrected by their id."""

from sqlalchemy import select

from models import Account, Complaint
from tests import make

SENT = {
    "complaint_id": "case-1",
    "account_id": "northwind",
    "occurred_at": "2026-03-02T09:30:00Z",
    "channel": "phone",
    "severity": 3,
    "about": "Late again.\nThird time.",
}


def complaints(db):
    with db.read() as session:
        return session.execute(select(Complaint, Account).join(Account, Account.id == Complaint.account_id)).all()


def test_a_single_complaint_needs_no_list(api, db):
    answer = api.post("/v1/complaints", json=SENT).json()

    [(complaint, account)] = complaints(db)
    assert (answer["accepted"], answer["new_accounts"]) == (1, ["northwind"])
    assert (complaint.external_id, complaint.severity, account.data_version) == ("case-1", 3, 1)
    assert complaint.received_at == make.MONDAY


def test_the_same_complaint_again_changes_nothing(api, db, later):
    api.post("/v1/complaints", json={"complaints": [SENT, SENT]})
    later(days=1)
    api.post("/v1/complaints", json={"complaints": [SENT]})

    [(complaint, account)] = complaints(db)
    assert (complaint.received_at, account.data_version) == (make.MONDAY, 1)


def test_a_known_id_corrects_and_both_accounts_are_scored_again(api, db):
    api.post("/v1/complaints", json=SENT)
    api.post("/v1/complaints", json=SENT | {"account_id": "sam", "severity": 5})

    [(complaint, account)] = complaints(db)
    with db.read() as session:
        versions = dict(session.execute(select(Account.external_id, Account.data_version)).all())
    assert (account.external_id, complaint.severity) == ("sam", 5)
    assert versions == {"northwind": 2, "sam": 1}


def test_bad_complaints_come_back_with_the_reason(api, db):
    wrong = [SENT | {"severity": 6}, SENT | {"occurred_at": "2026-03-09T12:00:00Z"}, SENT | {"complaint_id": ""}]

    answer = api.post("/v1/complaints", json={"complaints": wrong}).json()

    assert [problem["field"] for problem in answer["problems"]] == ["severity", "occurred_at", "complaint_id"]
    assert complaints(db) == []
