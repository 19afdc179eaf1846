"""Killed at any moment, nothing that was confirmed is lost and nobody is told the same in two messages."""

import random
import time

from tests.faults.clients import Operator, Sender, busy
from tests.faults.cluster import people_of
from tests.faults.conftest import size
from tests.faults.world import judge, wait_idle

KILLS, KILLS_A_SECOND = size(40, 200), size(2, 1)
ACCOUNTS, SENDERS = 30, 6
# A relay that is too slow for the short limits of this test is left alone for half a minute each time.
READY_P95_SECONDS, IDLE_WITHIN = 15, size(120, 600)


def victims(names, luck):
    """The API, a worker, or both."""
    workers = names[1:]
    return luck.choice((names[:1], [luck.choice(workers)], [names[0], luck.choice(workers)]))


def test_random_kills_lose_nothing_and_tell_nobody_twice(running, history, mailbox, record_property):
    key, back = running.install(), []
    luck = random.Random(1)  # noqa: S311  repeatable, not secret
    accounts = people_of(running.db, ACCOUNTS)
    running.start()
    running.wait_ready()
    senders = [Sender(f"sender-{n}", running.url, key, history, pause=0.05, accounts=accounts) for n in range(SENDERS)]
    with busy([*senders, Operator("operator", running.url, key, history, pause=0.3)]):
        for _ in range(KILLS):
            time.sleep(luck.expovariate(KILLS_A_SECOND))
            killed = victims(running.names, luck)
            running.kill(*killed)
            running.start(*killed)
            back.append(running.wait_ready())
    wait_idle(running.db, IDLE_WITHIN)

    world, findings, repeated = judge(running.db, history, mailbox)

    back.sort()
    figures = {
        "kills": KILLS,
        "observations": len(world.observations),
        "heads_ups": len(world.delivered),
        "wire_repeats": repeated,
        "ready_p95_seconds": round(back[int(0.95 * len(back))], 2),
    }
    record_property("figures", figures)
    print(figures)  # noqa: T201  a figure for docs/operations.md: pytest -s shows it
    assert findings == []
    assert len(world.delivered) > 10
    # A worker has one mail in its hands: a kill can make that one come again, and no other.
    assert repeated <= KILLS
    assert figures["ready_p95_seconds"] < READY_P95_SECONDS
