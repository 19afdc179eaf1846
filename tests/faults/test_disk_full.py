"""A full disk is said as such: nothing is confirmed that is not stored, reading goes on, and space heals it."""

import pytest
from sqlalchemy import event, text

from models import Observation
from tests.conftest import ON_POSTGRESQL

pytestmark = pytest.mark.skipif(ON_POSTGRESQL, reason="the embedded database is on the same disk as Headsup")
ROWS = 500


@pytest.fixture
def limit(db):
    """Let the database grow by so many pages and no more; None lifts it."""
    most = {"pages": 2**30}

    @event.listens_for(db.engine, "checkout")
    def _limit(connection, _record, _proxy):
        connection.execute(f"PRAGMA max_page_count={most['pages']}")

    def set_to(more):
        with db.engine.connect() as connection:
            pages = connection.scalar(text("PRAGMA page_count"))
        most["pages"] = pages + more if more is not None else 2**30

    return set_to


def rows(n):
    return [
        {
            "account_id": "northwind",
            "metric": "late_share",
            "observed_at": "2026-03-02T11:00:00Z",
            "value": 0.5,
            "item_id": f"{n}-{each}-{'x' * 100}",
        }
        for each in range(ROWS)
    ]


def test_nothing_false_is_confirmed_on_a_full_disk_and_space_heals_it(api, db, limit):
    limit(60)
    answers, confirmed = [], 0
    for n in range(10):
        answer = api.post("/v1/observations", json={"observations": rows(n)})
        answers.append((answer.status_code, "retry-after" in answer.headers))
        confirmed += ROWS if answer.status_code == 200 else 0
    reading = api.get("/v1/accounts").status_code
    with db.read() as session:
        stored, sound = session.query(Observation).count(), session.scalar(text("PRAGMA integrity_check"))
    limit(None)
    healed = api.post("/v1/observations", json={"observations": rows(99)}).status_code

    assert set(answers) == {(200, False), (503, True)}
    assert stored == confirmed
    assert (reading, sound, healed) == (200, "ok", 200)
