"""PostgreSQL restarts, drops connections, is slow or full: clients hear 503 with Retry-After, and nothing is lost."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import create_engine, text

from tests import postgres
from tests.conftest import ON_POSTGRESQL
from tests.faults import cluster
from tests.faults.clients import Operator, Sender, busy
from tests.faults.cluster import people_of
from tests.faults.conftest import size
from tests.faults.history import Outcome
from tests.faults.world import judge, wait_idle

pytestmark = pytest.mark.skipif(not ON_POSTGRESQL, reason="it is about a database that is a server")

RESTARTS, KICKS = size(4, 20), size(10, 50)
BACK_WITHIN = 15
# What is promised is 3 s and 0.2 s, from a machine that has nothing else to do; the clients are on it, too.
CLIENTS, LONGEST_SECONDS, LONGEST_PULSE_SECONDS = size(50, 300), 10, 5
KICK = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'postgres'"


def descriptors(running):
    return len(list(Path(f"/proc/{running.pid('api')}/fd").iterdir()))


def refusals(history):
    """Status and Retry-After of what was not done."""
    events = [event for event in history.events() if event.outcome is Outcome.UNKNOWN and "status" in event.facts]
    return {(event.facts["status"], event.facts["retry_after"]) for event in events}


@pytest.fixture
def clients(running, history):
    """Senders and an operator at work on a running cluster."""
    key = running.install()
    accounts = people_of(running.db, 20)
    running.start()
    running.wait_ready()
    senders = [Sender(f"sender-{n}", running.url, key, history, pause=0.05, accounts=accounts) for n in range(6)]
    return [*senders, Operator("operator", running.url, key, history, pause=0.3)]


def test_restarts_and_lost_connections_lose_nothing(running, clients, history, mailbox, durable_server):
    luck, pids, before, back = random.Random(2), running.pid("api"), descriptors(running), []  # noqa: S311
    admin = create_engine(running.settings.database.replace("/postgres", "/template1"), isolation_level="AUTOCOMMIT")
    with busy(clients):
        for n in range(RESTARTS):
            time.sleep(luck.uniform(0.5, 1.5))
            durable_server.stop("immediate" if n % 2 else "fast")
            durable_server.start()
            back.append(running.wait_ready(BACK_WITHIN))
        for _ in range(KICKS):
            time.sleep(luck.uniform(0.05, 0.3))
            with admin.connect() as connection:
                connection.execute(text(KICK))
            admin.dispose()
    wait_idle(running.db, 60)
    _, findings, _ = judge(running.db, history, mailbox)

    print({"restarts": RESTARTS, "kicks": KICKS, "longest_back_seconds": round(max(back), 2)})  # noqa: T201
    assert findings == []
    assert refusals(history) <= {(503, True)}
    assert running.pid("api") == pids
    assert all(running.lives(name) for name in running.names)
    assert descriptors(running) <= before + 25


class Pulse(threading.Thread):
    """Asks ten times a second whether the process answers; `longest` is how long that took at most."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client, self.over, self.longest = client, threading.Event(), 0.0

    def run(self):
        while not self.over.wait(0.1):
            began = time.monotonic()
            assert self.client.get("/livez").status_code == 200
            self.longest = max(self.longest, time.monotonic() - began)


def test_a_full_server_is_answered_by_503_at_once(tmp_path, mailbox):
    folder = tmp_path / "var"
    folder.mkdir()
    with (
        postgres.cluster(options="", connections=20) as server,
        cluster.running(folder, database_url=server.url, smtp_url=mailbox.url) as running,
        httpx2.Client(base_url=running.url, timeout=60) as client,
    ):
        client.headers["Authorization"] = f"Bearer {running.install()}"
        running.start("api")
        running.wait_ready()
        held = create_engine(running.settings.database, pool_size=18, max_overflow=0)
        taken = [held.connect() for _ in range(12)]
        pulse = Pulse(client)
        pulse.start()
        with ThreadPoolExecutor(CLIENTS) as clients:
            answers = list(clients.map(lambda _: asked(client), range(2 * CLIENTS)))
        pulse.over.set()
        pulse.join(60)
        for connection in taken:
            connection.close()
        held.dispose()
        back = running.wait_ready(BACK_WITHIN)

    longest = max(took for *_, took in answers)
    figures = {"longest_seconds": longest, "longest_pulse_seconds": pulse.longest, "back_seconds": back}
    print({name: round(value, 2) for name, value in figures.items()})  # noqa: T201  a figure for docs/operations.md
    assert {(status, later) for status, later, _ in answers} <= {(200, False), (503, True), (429, True)}
    assert longest < LONGEST_SECONDS
    assert pulse.longest < LONGEST_PULSE_SECONDS


def asked(client):
    """Status, whether it says when to come again, and the seconds that it took."""
    began = time.monotonic()
    answer = client.get("/v1/accounts")
    return answer.status_code, "retry-after" in answer.headers, time.monotonic() - began
