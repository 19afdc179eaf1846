"""The tables are read once for each change of the list, however many poll it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event

from models import Score
from tests import make


@pytest.fixture
def listed(db):
    """How often the list itself was read."""
    seen = []

    def note(_connection, _cursor, statement, *_more):
        if "rank() OVER" in statement:
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    return seen


@pytest.fixture
def versions(db, monkeypatch):
    """How often its version was read, where nothing is too old for a while."""
    monkeypatch.setattr("service.risk.newest.SECONDS", 60)
    seen = []

    def note(_connection, _cursor, statement, *_more):
        if "max(scores.scored_at)" in statement:
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    return seen


@pytest.fixture
def northwind(db):
    with db.begin() as session:
        account = make.account(session)
        make.score(session, account, risk=0.4)
        session.flush()
        return account.id


@pytest.mark.usefixtures("northwind")
def test_many_who_ask_for_the_same_page_cost_one_reading(client_with, listed):
    # Entered, the client's requests share one event loop, as a server's do.
    with client_with("read") as client, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _n: client.get("/v1/risk"), range(24)))

    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert len(listed) == 1


@pytest.mark.usefixtures("northwind")
def test_polls_that_find_nothing_new_read_no_table(client_with, listed, versions):
    client = client_with("read")
    tag = client.get("/v1/risk").headers["etag"]
    listed.clear()
    versions.clear()

    answers = [client.get("/v1/risk", headers={"If-None-Match": tag}).status_code for _ in range(20)]

    assert answers == [304] * 20
    assert (len(versions), len(listed)) == (0, 0)


def test_what_this_process_has_committed_is_in_the_next_answer(client_with, db, northwind, versions):
    client = client_with("read")
    first = client.get("/v1/risk")

    with db.begin() as session:
        score = session.get_one(Score, northwind)
        score.risk, score.scored_at = 0.9, make.MONDAY + timedelta(minutes=1)
    second = client.get("/v1/risk", headers={"If-None-Match": first.headers["etag"]})

    assert (first.json()["items"][0]["risk"], second.json()["items"][0]["risk"]) == (0.4, 0.9)
    assert len(versions) >= 2


@pytest.mark.usefixtures("northwind", "versions")
def test_a_client_reads_what_it_has_just_written(client_with, later):
    client = client_with("read", "ingest")
    account_id = client.get("/v1/risk").json()["items"][0]["account_id"]
    later(minutes=1)

    client.put(f"/v1/accounts/{account_id}", json={"name": "Renamed"}).raise_for_status()

    assert client.get("/v1/risk").json()["items"][0]["name"] == "Renamed"
