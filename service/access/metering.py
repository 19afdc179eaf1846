"""How many requests a minute a key may make: counted before anything is done for one, so a flood costs little."""

import base64
import binascii
import time
from collections import Counter

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from service.access.rules import KeyInvalid, split_key
from service.kit.errors import TooManyRequests
from service.kit.http import refusal
from service.kit.pauses import retry_after


class Metered:
    """Middleware that answers 429 with Retry-After to a key whose minute is used up, in this process's memory.

    A key is counted by its secret: nobody uses up the share of one whose secret is not known.
    """

    def __init__(self, app: ASGIApp, per_minute: int) -> None:
        self._app = app
        self._per_minute = per_minute
        self._minute = 0.0
        self._taken: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        secret_sha256 = _secret(scope) if scope["type"] == "http" and scope["path"].startswith("/v1/") else ""
        if not secret_sha256 or not (seconds := self._seconds_to_wait(secret_sha256)):
            await self._app(scope, receive, send)
            return
        detail = f"A key may make {self._per_minute} requests a minute."
        error = TooManyRequests(detail, retry_after=retry_after(seconds))
        await refusal(Request(scope), error)(scope, receive, send)

    def _seconds_to_wait(self, name: str) -> float:
        """Count one request; tell how long its key has to wait until it may make more, 0 where it may make this one."""
        minute, seconds = divmod(time.monotonic(), 60)
        if minute != self._minute:
            self._minute, self._taken = minute, Counter()
        self._taken[name] += 1
        return 60 - seconds if self._taken[name] > self._per_minute else 0.0


def key_of(authorization: str) -> str:
    """The key in a header: a bearer's, or the password of Basic authentication; empty where there is none."""
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(given, validate=True).decode("ascii").partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return given if scheme.lower() == "bearer" else ""


def _secret(scope: Scope) -> str:
    try:
        return split_key(key_of(Headers(scope=scope).get("authorization", "")))[1]
    except KeyInvalid:
        return ""
