"""How much is let in at a time: requests, and bytes of their bodies. What comes over that is told to come back."""

import time

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.kit.http import problem
from service.kit.pauses import retry_after

# About two seconds of work on a small machine: who waited longer would have given up.
MOST_REQUESTS = 1_000
MOST_BYTES = 64 * 1024 * 1024
ALWAYS = frozenset({"/livez"})
READS = frozenset({"GET", "HEAD"})
# What machines send may queue for so long; they come again by themselves. A few are let in whatever the last ones took.
QUEUE_SECONDS, LEAST_QUEUED = 1.0, 32
FIRST_PACE = 0.02
"""Seconds from one answer to the next, as long as none has been seen."""
WINDOW_SECONDS = 0.25
"""So long is counted to know the pace: answers come in bursts, since requests are committed together."""


class Queue:
    """How many of one kind are under way, and by the pace of late how long a new one will wait."""

    def __init__(self) -> None:
        self.length = 0
        self._pace = FIRST_PACE
        self._since = 0.0
        self._ended = 0

    @property
    def is_full(self) -> bool:
        return self.length >= LEAST_QUEUED and self.length * self._pace > QUEUE_SECONDS

    def begin(self) -> None:
        if not self.length:
            # While nobody was here, time told nothing.
            self._since, self._ended = time.monotonic(), 0
        self.length += 1

    def end(self) -> None:
        self.length -= 1
        self._ended += 1
        now = time.monotonic()
        if now - self._since >= WINDOW_SECONDS:
            self._pace = (self._pace + (now - self._since) / self._ended) / 2
            self._since, self._ended = now, 0


class Admission:
    """Middleware that answers 503 with Retry-After at once instead of taking on what it cannot do."""

    def __init__(self, app: ASGIApp, most_requests: int = MOST_REQUESTS, most_bytes: int = MOST_BYTES) -> None:
        self._app = app
        self._most_requests = most_requests
        self._most_bytes = most_bytes
        self._all, self._sent = Queue(), Queue()
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in ALWAYS:
            await self._app(scope, receive, send)
            return
        # People's clicks are few, and nobody repeats them: they are not held against what machines send.
        by_machine = scope["path"].startswith("/v1/") and scope["method"] not in READS
        queues = [self._all, self._sent] if by_machine else [self._all]
        if self._all.length >= self._most_requests or (by_machine and self._sent.is_full):
            await _refusal(Request(scope))(scope, receive, send)
            return
        held = 0

        async def counting() -> Message:
            nonlocal held
            message = await receive()
            size = len(message.get("body", b""))
            held += size
            self._bytes += size
            if self._bytes > self._most_bytes:
                raise HTTPException(503, "Too much is being sent at once.", headers={"Retry-After": retry_after()})
            return message

        for queue in queues:
            queue.begin()
        try:
            await self._app(scope, counting, send)
        finally:
            for queue in queues:
                queue.end()
            self._bytes -= held


def _refusal(request: Request) -> ASGIApp:
    detail = "More requests wait than can be answered in time. Send it again."
    return problem(request, 503, "Service Unavailable", detail, "http-503", headers={"Retry-After": retry_after()})
