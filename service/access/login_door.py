"""How much of a process signing in may take."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from service.kit.errors import TooManyRequests

# Hashing takes one core: one at a time leaves the rest to everybody who is in already. Whoever waits holds a thread,
# of which a process has forty: the others must stay free for the API.
HASHING_AT_ONCE = 1
WAITING_AT_ONCE = 12
HASHING_WAIT_SECONDS = 10


class LoginDoor:
    """Bounds the work that signing in makes for this process: few hash at a time, few wait for it."""

    def __init__(self) -> None:
        self._hashing = threading.BoundedSemaphore(HASHING_AT_ONCE)
        self._places = threading.BoundedSemaphore(HASHING_AT_ONCE + WAITING_AT_ONCE)

    @contextmanager
    def hashing(self) -> Iterator[None]:
        """Hold one of the few places where a password is hashed.

        Raises:
            TooManyRequests: too many wait for it, or all places stayed taken.
        """
        busy = "Many people are signing in; try again in a moment."
        if not self._places.acquire(blocking=False):
            raise TooManyRequests(busy)
        try:
            if not self._hashing.acquire(timeout=HASHING_WAIT_SECONDS):
                raise TooManyRequests(busy)
            try:
                yield
            finally:
                self._hashing.release()
        finally:
            self._places.release()
