"""`POST /v1/observations`: nothing lost, nothing counted twice."""

import io
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import polars as pl
import pytest
from sqlalchemy import select

from models import Account, AuditEntry, Metric, Observation
from service.kit.settings import Settings
from tests.conftest import ON_POSTGRESQL
from tests.together import together

ROW = {"account_id": "northwind", "metric": "late_share", "observed_at": "2026-03-02T11:00:00Z", "value": 0.19}


def rows(*changes):
    return {"observations": [ROW | change for change in changes]}


def stored(db):
    with db.read() as session:
        return {(each.item_id, each.value) for each in session.scalars(select(Observation))}


def test_good_rows_are_stored_and_bad_ones_come_back_with_the_reason(api, db):
    answer = api.post("/v1/observations", json=rows({}, {"value": "three", "item_id": "o1"})).json()

    assert answer["problems"] == [{"index": 1, "field": "value", "reason": "is not a number"}]
    assert (answer["accepted"], answer["rejected"]) == (1, 1)
    assert stored(db) == {("", 0.19)}


def test_sending_again_overwrites_and_counts_once(api, db):
    api.post("/v1/observations", json=rows({}))

    api.post("/v1/observations", json=rows({"value": 0.3}))

    assert stored(db) == {("", 0.3)}


def test_of_two_alike_in_one_request_the_last_counts(api, db):
    api.post("/v1/observations", json=rows({"value": 1}, {"value": 2, "observed_at": "2026-03-02T12:00:00+01:00"}))

    assert stored(db) == {("", 2.0)}


def test_items_share_a_moment(api, db):
    api.post("/v1/observations", json=rows({"item_id": "o1"}, {"item_id": "o2"}, {"item_id": None}))

    assert stored(db) == {("o1", 0.19), ("o2", 0.19), ("", 0.19)}


def test_unknown_accounts_and_metrics_are_made_and_named(api, db):
    answer = api.post("/v1/observations", json=rows({})).json()

    with db.read() as session:
        account, metric = session.scalars(select(Account)).one(), session.scalars(select(Metric)).one()
        audited = set(session.scalars(select(AuditEntry.action)))
    assert (answer["new_accounts"], answer["new_metrics"]) == (["northwind"], ["late_share"])
    assert (account.name, account.rep_id, metric.better) == ("northwind", None, None)
    assert {"account.found", "metric.found"} <= audited


def test_each_ingest_makes_the_touched_accounts_due_for_scoring(api, db):
    api.post("/v1/observations", json=rows({}, {"item_id": "o1"}, {"account_id": "sam"}))
    api.post("/v1/observations", json=rows({"value": 0.2}))

    with db.read() as session:
        versions = dict(session.execute(select(Account.external_id, Account.data_version)).all())
    assert versions == {"northwind": 2, "sam": 1}


def test_a_dry_run_answers_the_same_and_stores_nothing(api, db):
    sent = rows({}, {"value": None})

    dry = api.post("/v1/observations?dry_run=true", json=sent).json()

    assert stored(db) == set()
    assert dry == api.post("/v1/observations", json=sent).json()


def csv_body():
    return ",".join(ROW) + "\n" + ",".join(str(value) for value in ROW.values()) + "\n"


def parquet_body(**changes):
    table = pl.DataFrame([ROW | changes]).with_columns(pl.col("observed_at").str.to_datetime("%+", time_zone="UTC"))
    file = io.BytesIO()
    table.write_parquet(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", json.dumps(rows({}))),
        ("application/json; charset=UTF-8", json.dumps(rows({}))),
        ("application/x-ndjson", json.dumps(ROW) + "\n\n"),
        ("text/csv", csv_body()),
        ("text/csv", "\ufeff" + csv_body().replace("\n", "\r\n")),
        ("application/vnd.apache.parquet", parquet_body()),
    ],
)
def test_every_kind_of_body_says_the_same(api, db, kind, body):
    answer = api.post("/v1/observations", content=body, headers={"Content-Type": kind})

    assert answer.json()["accepted"] == 1, answer.text
    assert stored(db) == {("", 0.19)}


def test_more_rows_than_allowed_are_refused_as_a_whole(settings, client_with, db):
    too_many = {"observations": [ROW] * (settings.max_rows + 1)}

    answer = client_with("ingest").post("/v1/observations", json=too_many)

    assert (answer.status_code, answer.json()["max_rows"]) == (413, Settings().max_rows)
    assert stored(db) == set()


def test_the_same_key_and_body_is_answered_again_and_not_done_again(api, db):
    first = api.post("/v1/observations", json=rows({}), headers={"Idempotency-Key": "k1"})
    api.post("/v1/observations", json=rows({"value": 0.5}))

    again = api.post("/v1/observations", json=rows({}), headers={"Idempotency-Key": "k1"})

    assert again.json() == first.json()
    assert (again.headers["Idempotency-Replayed"], stored(db)) == ("true", {("", 0.5)})


def test_the_same_key_with_another_body_is_refused(api):
    api.post("/v1/observations", json=rows({}), headers={"Idempotency-Key": "k1"})

    other = api.post("/v1/observations", json=rows({"value": 9}), headers={"Idempotency-Key": "k1"})

    assert other.status_code == 422
    assert other.json()["type"].endswith("/problems/idempotency-key-reused")


def test_a_key_is_forgotten_after_a_month(api, later):
    api.post("/v1/observations", json=rows({}), headers={"Idempotency-Key": "k1"})
    later(days=31)

    other = api.post("/v1/observations", json=rows({"value": 9}), headers={"Idempotency-Key": "k1"})

    assert other.json()["accepted"] == 1


def test_one_key_sent_by_many_at_once_is_done_once(api, db):
    def send(_):
        return api.post("/v1/observations", json=rows({}), headers={"Idempotency-Key": "k1"})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(16)))

    assert [answer.status_code for answer in answers] == [200] * 16
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1


def test_requests_that_touch_the_same_new_accounts_at_once_all_get_through(api, db):
    def send(number):
        order = range(30) if number % 2 else reversed(range(30))
        changes = [{"account_id": f"a{i}", "metric": f"m{i % 7}", "item_id": f"o{number}"} for i in order]
        return api.post("/v1/observations", json=rows(*changes)).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, range(16))) == {200}

    with db.read() as session:
        versions = set(session.scalars(select(Account.data_version)))
    # Those that came together count as one change, to each account alike.
    assert len(versions) == 1
    assert 1 <= versions.pop() <= 16
    assert len(stored(db)) == 16


@pytest.fixture
def known(api):
    """A client whose key has just been seen: the first use of one is written down, for which it would wait too."""
    api.get("/v1/metrics")
    return api


def test_requests_that_wait_together_are_told_each_its_own(known, db):
    sent = [rows({"item_id": "o1"}, {"value": "x"}), rows({"account_id": "other", "value": 3}), rows({"value": 4})]

    answers = [
        each.json() for each in together(db, [partial(known.post, "/v1/observations", json=each) for each in sent])
    ]

    assert [(each["accepted"], each["rejected"]) for each in answers] == [(1, 1), (1, 0), (1, 0)]
    assert [each["new_accounts"] for each in answers] == [["northwind"], ["other"], []]
    assert [each["new_metrics"] for each in answers] == [["late_share"], [], []]
    assert stored(db) == {("o1", 0.19), ("", 3.0), ("", 4.0)}
    with db.read() as session:
        audited = Counter(session.scalars(select(AuditEntry.action)))
    assert (audited["account.found"], audited["metric.found"]) == (2, 1)


def test_of_requests_that_wait_together_the_last_counts(known, db):
    together(db, [partial(known.post, "/v1/observations", json=rows({"value": value})) for value in (1, 3, 2)])

    assert stored(db) == {("", 2.0)}


def test_keys_among_requests_that_wait_together_are_done_once_and_spoil_no_other(known, db):
    def send(key, value):
        headers = {"Idempotency-Key": key} if key else {}
        return partial(known.post, "/v1/observations", json=rows({"value": value, "item_id": key}), headers=headers)

    calls = [send("k1", 1), send("", 2), send("k1", 1), send("k2", 3)]
    alike = together(db, calls)
    other = together(db, [send("k1", 9), send("k3", 5)])

    assert [each.status_code for each in alike] == [200] * 4
    assert ["Idempotency-Replayed" in each.headers for each in alike] == [False, False, True, False]
    assert alike[2].json() == alike[0].json()
    assert [each.status_code for each in other] == [422, 200]
    assert stored(db) == {("k1", 1.0), ("", 2.0), ("k2", 3.0), ("k3", 5.0)}


@pytest.mark.skipif(not ON_POSTGRESQL, reason="there alone a row can be locked by itself")
def test_an_account_that_somebody_keeps_locked_holds_up_no_other(known, db):
    known.post("/v1/observations", json=rows({"account_id": "kept"}, {"account_id": "free"}))
    calls = [
        partial(known.post, "/v1/observations", json=rows({"account_id": account, "item_id": "later"}))
        for account in ("free", "kept", "free")
    ]
    with db.begin() as session:
        session.execute(select(Account.id).where(Account.external_id == "kept").with_for_update())
        answers = together(db, calls)

    assert [each.status_code for each in answers] == [200, 503, 200]
    assert known.post("/v1/observations", json=rows({"account_id": "kept"})).status_code == 200
