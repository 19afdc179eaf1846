"""Describing metrics."""

from sqlalchemy import select

from models import AuditEntry

SENT = {"label": "Share late", "unit": "share", "better": "lower", "target": 0.05, "combine": "sum", "exposure": True}


def test_what_is_put_is_what_is_got(api):
    api.put("/v1/metrics/late_share", json=SENT)

    got = api.get("/v1/metrics/late_share").json()

    assert {field: got[field] for field in SENT} == SENT
    assert api.get("/v1/metrics").json()["items"] == [got]


def test_a_metric_found_in_observations_waits_for_its_direction(api):
    row = {"account_id": "northwind", "metric": "csat", "observed_at": "2026-03-02T11:00:00Z", "value": 4}
    api.post("/v1/observations", json={"observations": [row]})

    assert api.get("/v1/metrics/csat").json()["better"] is None
    assert api.put("/v1/metrics/csat", json={"better": "higher"}).json()["label"] == "csat"


def test_putting_the_same_again_leaves_no_trace(api, db, later):
    first = api.put("/v1/metrics/late_share", json=SENT).json()
    later(hours=1)

    again = api.put("/v1/metrics/late_share", json=SENT).json()

    with db.read() as session:
        audited = session.scalars(select(AuditEntry).where(AuditEntry.action == "metric.put")).all()
    assert again == first
    assert len(audited) == 1


def test_a_key_may_hold_a_slash(api):
    api.put("/v1/metrics/stops%2Flate", json={})

    assert api.get("/v1/metrics/stops%2Flate").json()["metric"] == "stops/late"


def test_an_unknown_metric_is_not_found(api):
    answer = api.get("/v1/metrics/nothing")

    assert (answer.status_code, answer.json()["title"]) == (404, "There is no such metric")


def test_a_direction_that_does_not_exist_is_refused(api):
    answer = api.put("/v1/metrics/late_share", json={"better": "sideways"})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/body/better"
    assert "sideways" not in answer.text
