"""The worker beside a server: a process of its own, started again when it dies, gone when the server is."""

import os
import signal
import time
from pathlib import Path

import pytest

from benchmarks.stand import stand
from tests.conftest import ON_POSTGRESQL
from tests.faults.cluster import wait_until

pytestmark = pytest.mark.skipif(ON_POSTGRESQL, reason="it is the same process, whichever the database")
# A worker that is ended while it still loads its libraries ends when it has loaded them.
WITHIN = 90
# Ten, on a machine of one's own.
ENDS_WITHIN = 20


@pytest.fixture
def server():
    with stand(accounts=1, HEADSUP_WORKER_SECONDS="0.5") as it:
        yield it.serve()


def worker_of(server):
    wait_until(server.workers, "a worker", WITHIN)
    return server.workers()[0]


def is_gone(pid):
    return not Path(f"/proc/{pid}").exists()


def test_a_worker_that_is_killed_is_started_again_and_ends_with_the_server(server):
    first = worker_of(server)
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: server.workers() not in ([], [first]), "another worker", WITHIN)
    second = worker_of(server)
    nice = os.getpriority(os.PRIO_PROCESS, second)
    server.wait_ready()

    took = server.leave()

    assert is_gone(first)
    assert is_gone(second)
    assert took <= ENDS_WITHIN
    assert nice > os.getpriority(os.PRIO_PROCESS, os.getpid())


def test_a_server_that_is_killed_leaves_no_worker(server):
    worker = worker_of(server)

    server.process.kill()
    server.process.wait()

    wait_until(lambda: is_gone(worker), "the worker ends", WITHIN)


def test_a_worker_that_stands_still_does_not_hold_up_the_end(server):
    worker = worker_of(server)
    os.kill(worker, signal.SIGSTOP)
    began = time.monotonic()

    server.process.send_signal(signal.SIGINT)

    assert server.process.wait(60) == 0
    assert is_gone(worker)
    assert time.monotonic() - began <= ENDS_WITHIN
