"""A worker that stood still longer than its lease: another one goes on, and when it wakes it changes nothing."""

import signal
import time

import pytest

from tests.conftest import ON_POSTGRESQL
from tests.faults.cluster import wait_until
from tests.faults.conftest import size
from tests.faults.seed import tell
from tests.faults.world import judge, wait_idle

ROUNDS = size(1, 17)
MAIL_SECONDS = size(3, 4)
LEASE = 1.5 * MAIL_SECONDS


@pytest.mark.parametrize(
    ("point", "says"),
    [
        ("mail-claimed", "mail_lease_lost"),
        # Its dialogue with the relay is cut for having taken too long, and no longer its to judge.
        ("mail-connected", "mail_not_sent"),
        ("mail-accepted", "mail_lease_lost" if ON_POSTGRESQL else "mail_sent"),
    ],
)
def test_a_worker_that_wakes_after_its_lease_says_nothing_new(point, says, running, history, mailbox):
    running.environment |= {"HEADSUP_MAIL_SECONDS": str(MAIL_SECONDS), "HEADSUP_LOG_LEVEL": "info"}
    running.install()
    first, *others = running.names[1:]
    for n in range(ROUNDS):
        address = tell(running.db, history)
        running.start(first, crash=f"{point}:1:stop")
        wait_until(lambda: running.is_halted(first), "it halts itself", 30)
        halted_at = time.monotonic()
        if others:
            running.start(*others)
            wait_until(lambda to=address: mailbox.to(to), "another worker takes over", LEASE + 15)
        time.sleep(max(0.0, halted_at + 2 * LEASE - time.monotonic()))
        running.signal(first, signal.SIGCONT)
        wait_until(lambda n=n: running.log(first).count(says) > n, f"the woken one notes {says}", 60)
        # Where nobody else is, a cut dialogue is begun anew after the usual wait.
        wait_idle(running.db, 90)
        running.kill(first, *others)

    world, findings, repeated = judge(running.db, history, mailbox)

    print({"halted_at": point, "rounds": ROUNDS, "wire_repeats": repeated})  # noqa: T201
    assert findings == []
    assert len(world.mails) == ROUNDS
    # Only where the relay had the mail already, the next worker says the same message again.
    assert repeated == (ROUNDS if point == "mail-accepted" and others else 0)
