"""How much is let in at a time: requests, and bytes of their bodies. What comes over that is told to come back."""

import random

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.kit.http import problem

# About two seconds of work on a small machine: who waited longer would have given up.
MOST_REQUESTS = 1_000
MOST_BYTES = 64 * 1024 * 1024
ALWAYS = frozenset({"/livez"})


def later() -> str:
    """A Retry-After that brings those who were refused together back one by one, in seconds."""
    return str(random.randint(2, 10))  # noqa: S311  spreads load, hides nothing


class Admission:
    """Middleware that answers 503 with Retry-After at once instead of taking on what it cannot do."""

    def __init__(self, app: ASGIApp, most_requests: int = MOST_REQUESTS, most_bytes: int = MOST_BYTES) -> None:
        self._app = app
        self._most_requests = most_requests
        self._most_bytes = most_bytes
        self._requests = 0
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in ALWAYS:
            await self._app(scope, receive, send)
            return
        if self._requests >= self._most_requests:
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
                raise HTTPException(503, "Too much is being sent at once.", headers={"Retry-After": later()})
            return message

        self._requests += 1
        try:
            await self._app(scope, counting, send)
        finally:
            self._requests -= 1
            self._bytes -= held


def _refusal(request: Request) -> ASGIApp:
    detail = "More requests wait than can be answered in time. Send it again."
    return problem(request, 503, "Service Unavailable", detail, "http-503", headers={"Retry-After": later()})
