"""Threads that go one after the other, in the order in which they came."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import TimeoutError as PoolTimeout


class Turns:
    """One thread at a time, and nobody is overtaken but by one that must not wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def take(self, *, within: float, first: bool = False) -> Iterator[None]:
        """Wait for one's turn and have it for the block; `first` goes before all who wait.

        Raises:
            sqlalchemy.exc.TimeoutError: it has not come within so many seconds.
        """
        self._take(within, first=first)
        try:
            yield
        finally:
            self._hand_on()

    def _take(self, within: float, *, first: bool) -> None:
        with self._lock:
            if not self._taken:
                self._taken = True
                return
            mine = threading.Event()
            (self._waiting.appendleft if first else self._waiting.append)(mine)
        if mine.wait(within):
            return
        with self._lock:
            # It may have been handed over just after the time was over.
            if mine.is_set():
                return
            self._waiting.remove(mine)
        raise PoolTimeout("Others have been writing for too long.")

    def _hand_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
