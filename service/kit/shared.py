"""Reading that many wait for and one does."""

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
# Apart from the threads of the routes: those may all wait for the database's one writer.
THREADS = 4


class Shared:
    """Runs work in a few threads of its own; who asks for what is under way gets the same answer."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, "shared")
        self._under_way: dict[Hashable, Future[Any]] = {}

    async def get(self, key: Hashable, work: Callable[[], T]) -> T:
        """The answer of `work`, or of that for the same key which has begun and not ended. Its error is everybody's."""
        future = self._under_way.get(key)
        if future is None:
            future = self._under_way[key] = self._threads.submit(work)
            future.add_done_callback(lambda _: self._under_way.pop(key, None))
        # One who leaves must not end it for the others.
        answer: T = await asyncio.shield(asyncio.wrap_future(future))
        return answer
