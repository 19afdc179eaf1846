"""A worker that is cut off from its database while it has a mail: others go on, and nobody is told two things."""

import signal
import time

import pytest

from tests import postgres
from tests.conftest import ON_POSTGRESQL
from tests.faults import cluster
from tests.faults.cluster import wait_until
from tests.faults.conftest import size
from tests.faults.proxy import Faults, between
from tests.faults.seed import tell
from tests.faults.world import judge, wait_idle

pytestmark = pytest.mark.skipif(not ON_POSTGRESQL, reason="it is about a database that is a server")

POINTS = ("mail-connected", "mail-claimed", "mail-accepted")[: size(1, 3)]
ROUNDS = size(1, 17)
MAIL_SECONDS = 4
LEASE = 1.5 * MAIL_SECONDS
# What is promised on top of the lease, and as much again for a machine that other jobs share.
ELSEWHERE_WITHIN = LEASE + size(10, 5)


@pytest.fixture
def network(tmp_path, mailbox):
    """A cluster of three workers, and the network that the first has to the database."""
    folder = tmp_path / "var"
    folder.mkdir()
    with (
        postgres.cluster(options="") as server,
        between(server.port) as relay,
        cluster.running(folder, database_url=server.url, smtp_url=mailbox.url, workers=3) as running,
    ):
        running.environment |= {"HEADSUP_MAIL_SECONDS": str(MAIL_SECONDS)}
        running.install()
        yield running, relay


def cut_off(running, relay, point):
    """Cut the first worker off where it has a mail, and let the others start; return when that was."""
    first, *others = running.names[1:]
    near = running.environment["HEADSUP_DATABASE_URL"]
    far = near.replace(str(running.db.engine.url.port), str(relay.port))
    running.environment["HEADSUP_DATABASE_URL"] = far
    running.start(first, crash=f"{point}:1:stop")
    running.environment["HEADSUP_DATABASE_URL"] = near
    wait_until(lambda: running.is_halted(first), "it has the mail", 30)
    relay.faults = Faults(black_hole=True)
    running.signal(first, signal.SIGCONT)
    running.start(*others)
    return time.monotonic()


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_that_loses_its_database_tells_nothing_else(point, network, mailbox, history):
    running, relay = network
    longest = 0.0
    for _ in range(ROUNDS):
        address = tell(running.db, history)
        cut_off_at = cut_off(running, relay, point)
        # Who is cut off may still send what it has, in its time; only others can write down that it was told.
        wait_idle(running.db, 90)
        longest = max(longest, time.monotonic() - cut_off_at)
        assert mailbox.to(address)
        time.sleep(max(0.0, cut_off_at + 2 * LEASE - time.monotonic()))
        relay.faults = Faults()
        relay.cut()
        after = tell(running.db, history)
        wait_until(lambda to=after: mailbox.to(to), "the next mail comes", 30)
        wait_idle(running.db, 90)
        running.kill(*running.names[1:])

    world, findings, repeated = judge(running.db, history, mailbox)

    figures = {"cut_off_at": point, "rounds": ROUNDS, "longest_seconds": round(longest, 1), "wire_repeats": repeated}
    print(figures)  # noqa: T201  a figure for docs/operations.md
    assert findings == []
    assert len(world.mails) == 2 * ROUNDS
    assert repeated <= ROUNDS
    assert longest < ELSEWHERE_WITHIN
