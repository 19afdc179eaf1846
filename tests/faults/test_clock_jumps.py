"""C01: the clock of all processes jumps about while clients send: each is told once, and nobody stays signed in."""

import random
import time
from contextlib import contextmanager

import httpx2
import pytest

from service.access import actions as access
from tests import make
from tests.conftest import HTML
from tests.faults import cluster
from tests.faults.clients import Sender, busy
from tests.faults.cluster import people_of
from tests.faults.conftest import size
from tests.faults.world import judge, wait_idle

JUMPS, PAUSE_SECONDS = size(6, 100), size(0.5, 2.0)
HOUR, DAY = 3_600, 86_400
STANDS = "it stands"
OFFSETS = (-3 * HOUR, 7 * DAY, 1, -1, 600, 0, STANDS)
PASSWORD = "a long enough pass phrase"


class FakedClock:
    """What time the processes of a cluster believe that it is, in seconds from the real one.

    libfaketime would move all calls of the system; with it Python's sleep fails or never ends (0.9.10 on Python 3.11).
    Headsup takes the time from one place, and its links from `time.time`: both are moved here. Durations and leases of
    threads go by the monotonic clock.
    """

    def __init__(self, file):
        self.file = file
        self.set(0)

    def set(self, offset):
        whole = self.file.with_suffix(".new")
        whole.write_text(f"={time.time()}" if offset == STANDS else str(offset))
        whole.replace(self.file)


@pytest.fixture
def faked(tmp_path, mailbox, durable_server):
    """A cluster and its clock. The database server, if there is one, and the test keep the real time."""
    clock, folder = FakedClock(tmp_path / "clock"), tmp_path / "var"
    folder.mkdir()
    url, there = durable_server.url if durable_server else "", {"CLOCK_OFFSET_FILE": str(clock.file)}
    with cluster.running(folder, database_url=url, smtp_url=mailbox.url, **there) as running:
        yield running, clock


@contextmanager
def signed_in(running):
    """Somebody of operations with a session."""
    with running.db.begin() as session:
        make.operator(session, password_hash=access.HASHER.hash(PASSWORD))
    with httpx2.Client(base_url=running.url, headers=HTML, timeout=30) as client:
        answer = client.post("/login", data={"email": "ola@example.com", "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        yield client


def test_jumps_under_load_lose_nothing_tell_once_and_end_sessions(faked, history, mailbox):
    running, clock = faked
    key, luck = running.install(), random.Random(9)  # noqa: S311  repeatable, not secret
    accounts = people_of(running.db, 10)
    running.start()
    running.wait_ready()
    senders = [Sender(f"sender-{n}", running.url, key, history, pause=0.1, accounts=accounts) for n in range(3)]
    for sender in senders:
        sender.date_back(hours=4)
    with signed_in(running) as person:
        with busy(senders):
            for _ in range(JUMPS):
                clock.set(luck.choice(OFFSETS))
                time.sleep(PAUSE_SECONDS)
        answers = []
        for offset in (0, -3 * HOUR, 8 * DAY):
            clock.set(offset)
            answers.append(person.get("/").status_code)
        # Between what was scored and the alerts that come of it nothing waits.
        until = time.monotonic() + size(120, 300)
        while not mailbox.mails and time.monotonic() < until:
            time.sleep(0.5)
        wait_idle(running.db, size(120, 300))
    _, findings, repeated = judge(running.db, history, mailbox)

    print({"jumps": JUMPS, "heads_ups": len(mailbox.mails), "wire_repeats": repeated})  # noqa: T201
    assert findings == []
    assert repeated == 0
    assert mailbox.mails
    assert answers == [200, 303, 303]  # signed in; not on a clock set back to before that; nor after twelve hours
