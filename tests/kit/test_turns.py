"""Writers of one process: in the order in which they came, but for one that must not wait."""

import threading
import time

import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service.kit.turns import Turns


def queued(turns, names, went):
    """Threads that wait for their turn, begun in this order; "urgent" goes first."""
    threads = []

    def go(name):
        with turns.take(within=30, first=name == "urgent"):
            went.append(name)

    for name in names:
        threads.append(threading.Thread(target=go, args=(name,)))
        threads[-1].start()
        until = time.monotonic() + 30
        while len(turns._waiting) < len(threads) and time.monotonic() < until:  # noqa: SLF001  nothing else tells
            time.sleep(0.001)
    return threads


def test_whoever_came_first_goes_first_and_the_urgent_before_all():
    turns, went = Turns(), []

    with turns.take(within=1):
        threads = queued(turns, ["a", "b", "c", "urgent"], went)
    for thread in threads:
        thread.join(30)

    assert went == ["urgent", "a", "b", "c"]


def test_who_waits_in_vain_is_told_and_keeps_nobody_back():
    turns = Turns()

    with turns.take(within=1), pytest.raises(PoolTimeout), turns.take(within=0.01):
        pass

    with turns.take(within=0.01):
        pass


def test_a_turn_ends_with_an_error_too():
    turns = Turns()

    with pytest.raises(ValueError, match="x"), turns.take(within=1):
        raise ValueError("x")

    with turns.take(within=0.01):
        pass
