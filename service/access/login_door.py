"""How much of a process signing in may take."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TypeVar

from service.access.sessions import Counted, TriesUsedUp
from service.kit.errors import TooManyRequests

T = TypeVar("T")
# Hashing takes one core: one at a time leaves the rest to everybody who is in already.
HASHING_AT_ONCE, HASHING_WAIT_AT_MOST = 1, 12
# Apart from the threads of the routes, so that a crowd which signs in never takes those.
COUNTING_AT_ONCE, COUNTING_WAIT_AT_MOST = 1, 100
# Whoever has no try left is told so without a look at the database for so long: other processes may forgive a try.
REMEMBERED = timedelta(seconds=2)
REMEMBERED_AT_MOST = 10_000


class Line:
    """Does the work of a few at once, for which few may wait."""

    def __init__(self, name: str, *, at_once: int, waiting: int) -> None:
        self._threads = ThreadPoolExecutor(at_once, name)
        self._places = threading.BoundedSemaphore(at_once + waiting)

    def begin(self, work: Callable[[], T]) -> Future[T]:
        """Do it when its turn comes.

        Raises:
            TooManyRequests: too many wait already.
        """
        if not self._places.acquire(blocking=False):
            raise TooManyRequests("Many people are signing in; try again in a moment.")
        future = self._threads.submit(work)
        future.add_done_callback(lambda _: self._places.release())
        return future

    async def do(self, work: Callable[[], T]) -> T:
        """Do it when its turn comes; raises as `begin`."""
        return await asyncio.wrap_future(self.begin(work))


class LoginDoor:
    """Bounds the work that signing in makes for this process."""

    def __init__(self) -> None:
        self.counting = Line("counting", at_once=COUNTING_AT_ONCE, waiting=COUNTING_WAIT_AT_MOST)
        self.hashing = Line("hashing", at_once=HASHING_AT_ONCE, waiting=HASHING_WAIT_AT_MOST)
        self._refused: dict[str, datetime] = {}

    def remember(self, refusal: TriesUsedUp, *, now: datetime) -> None:
        """Remember who has no try left."""
        if len(self._refused) >= REMEMBERED_AT_MOST:
            self._refused.clear()
        self._refused[refusal.bucket] = now

    def check(self, attempt: Counted, attempts: int, *, now: datetime) -> None:
        """Refuse again whoever was refused a moment ago.

        Raises:
            TriesUsedUp: the tries of this login or of this address are used up.
        """
        for name, _ in attempt.buckets(attempts):
            if (at := self._refused.get(name)) is not None and abs(now - at) < REMEMBERED:
                raise TriesUsedUp(attempt, name)
