"""Sent again is not done again: the same key and body get the same answer, whenever and however often."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx2
from sqlalchemy import func, select

from models import IngestKey, Observation
from tests.faults.conftest import size

KEYS, SENDS, CLIENTS = size(300, 10_000), 3, size(16, 32)


def body(n, value=1.0):
    at = (datetime.now(UTC) - timedelta(days=1)).replace(microsecond=0, second=0).isoformat()
    row = {"account_id": f"a{n % 50}", "metric": "late_share", "observed_at": at, "value": value, "item_id": f"i{n}"}
    return {"observations": [row]}


def test_each_key_counts_once_from_many_clients_and_after_a_restart(running):
    key = running.install()
    running.start("api")
    running.wait_ready()
    bodies = {n: body(n) for n in range(KEYS)}
    turns = [n for n in bodies for _ in range(SENDS)]
    random.Random(1).shuffle(turns)  # noqa: S311  repeatable, not secret
    with httpx2.Client(base_url=running.url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:

        def send(n, sent=None):
            while True:
                headers = {"Idempotency-Key": f"key-{n}"}
                answer = client.post("/v1/observations", json=sent or bodies[n], headers=headers)
                if answer.status_code != 503:
                    return n, answer

        with ThreadPoolExecutor(CLIENTS) as clients:
            answers = list(clients.map(send, turns))
        running.kill("api")
        running.start("api")
        running.wait_ready()
        replayed, other = send(0)[1], send(0, body(0, value=2.0))[1]

    print({"keys": KEYS, "answers": len(answers), "clients": CLIENTS})  # noqa: T201
    # What came to light first is told in each of the three answers to a key.
    texts = {}
    for n, answer in answers:
        texts.setdefault(n, set()).add((answer.status_code, answer.text))
    assert {len(all_) for all_ in texts.values()} == {1}
    assert {status for all_ in texts.values() for status, _ in all_} == {200}
    assert {(replayed.status_code, replayed.text)} == texts[0]
    assert replayed.headers["Idempotency-Replayed"] == "true"
    assert other.status_code == 422
    with running.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Observation)) == KEYS
        assert session.scalar(select(func.count()).select_from(IngestKey)) == KEYS


def test_a_key_is_kept_for_a_day_and_more(api, later):
    sent = {"observations": [body(1)["observations"][0] | {"observed_at": "2026-03-02T11:00:00Z"}]}
    first = api.post("/v1/observations", json=sent, headers={"Idempotency-Key": "k"})

    later(days=29)
    again = api.post("/v1/observations", json=sent, headers={"Idempotency-Key": "k"})

    assert (first.status_code, first.text) == (again.status_code, again.text)
    assert again.headers["Idempotency-Replayed"] == "true"
