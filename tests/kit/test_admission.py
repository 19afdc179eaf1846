"""What is let in: by the pace of late, machines are sent away before they wait for long; people are not."""

import time

from starlette.testclient import TestClient

from service.app import create_app
from service.kit.admission import LEAST_QUEUED, Queue
from service.kit.pauses import retry_after


def slow(length, answers):
    """A queue in which one after the other took 50 ms."""
    queue = Queue()
    for _ in range(length + answers):
        queue.begin()
    for _ in range(answers):
        time.sleep(0.05)
        queue.end()
    return queue


def test_a_queue_is_full_when_by_its_pace_a_new_one_would_wait_for_more_than_a_second():
    queue = slow(length=60, answers=15)

    assert queue.is_full


def test_a_short_queue_takes_more_however_slow_the_last_ones_were():
    queue = slow(length=LEAST_QUEUED - 1, answers=15)

    assert not queue.is_full


def test_where_machines_must_wait_too_long_they_are_told_when_to_come_and_people_are_let_in(settings, db, monkeypatch):
    monkeypatch.setattr(Queue, "is_full", property(lambda _queue: True))
    client = TestClient(create_app(settings, db))

    sent = client.post("/v1/observations", json={})
    looked, clicked = client.get("/v1/risk"), client.post("/login", data={})

    assert (sent.status_code, 2 <= int(sent.headers["retry-after"]) <= 10) == (503, True)
    assert 503 not in {looked.status_code, clicked.status_code}


def test_those_who_are_sent_away_at_the_same_time_come_back_at_different_times():
    waits = {int(retry_after(30)) for _ in range(200)}

    assert len(waits) > 3
    assert all(32 <= wait <= 40 for wait in waits)
