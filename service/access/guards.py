"""The guards of the API: they tell who calls, and whether it may."""

import base64
import binascii
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from models import Scope
from service.access.rules import KEY, Caller, KeyInUrl, KeyInvalid, split_key
from service.kit.errors import Forbidden, TooManyRequests
from service.kit.http import Config, Db, Now
from service.kit.pauses import retry_after

BEARER = HTTPBearer(
    scheme_name="ApiKey", description="`Authorization: Bearer hu_…`, made by `headsup key create`", auto_error=False
)


class ScopeMissing(Forbidden):
    """This key may not do this."""


class Limiter:
    """Counts the requests of each key in this minute, in this process's memory."""

    def __init__(self) -> None:
        self._minute = 0.0
        self._taken: Counter[str] = Counter()

    def take(self, name: str, per_minute: int) -> None:
        """Count one request.

        Raises:
            TooManyRequests: the minute's share is used up.
        """
        minute, seconds = divmod(time.monotonic(), 60)
        if minute != self._minute:
            self._minute, self._taken = minute, Counter()
        self._taken[name] += 1
        if self._taken[name] > per_minute:
            raise TooManyRequests(
                f"A key may make {per_minute} requests a minute.", retry_after=retry_after(60 - seconds)
            )


async def _caller(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)],
    db: Db,
    settings: Config,
    now: Now,
) -> Caller:
    if KEY.search(request.scope["query_string"].decode("latin-1")):
        raise KeyInUrl("Send it as `Authorization: Bearer hu_…`. Addresses are logged: revoke this key.")
    if credentials is None:
        raise KeyInvalid("Send `Authorization: Bearer hu_…` with a key made by `headsup key create`.")
    # Counted before it is looked up, by its secret: who floods costs no look-up, and nobody uses up another's share.
    _, secret_sha256 = split_key(credentials.credentials)
    request.app.state.limiter.take(secret_sha256, settings.requests_per_minute)
    caller: Caller = await request.app.state.callers.find(db, credentials.credentials, now=now)
    return caller


def _needs(scope: Scope) -> Callable[[Caller], Coroutine[None, None, Caller]]:
    async def guard(caller: Annotated[Caller, Depends(_caller)]) -> Caller:
        if scope not in caller.scopes:
            raise ScopeMissing(f"It lacks the scope `{scope}`.")
        return caller

    return guard


async def _mailing(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)],
    db: Db,
    settings: Config,
    now: Now,
) -> Caller:
    """Let in a key as the password of Basic authentication, too: providers of inbound mail can send nothing else."""
    caller = await _caller(request, credentials or _from_password(request), db, settings, now)
    return await _needs(Scope.MAIL)(caller)


def _from_password(request: Request) -> HTTPAuthorizationCredentials | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        _, _, password = base64.b64decode(encoded, validate=True).decode("ascii").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return HTTPAuthorizationCredentials(scheme="Bearer", credentials=password)


Mailing = Annotated[Caller, Depends(_mailing)]
Ingester = Annotated[Caller, Depends(_needs(Scope.INGEST))]
Reader = Annotated[Caller, Depends(_needs(Scope.READ))]
Operating = Annotated[Caller, Depends(_needs(Scope.OPERATE))]
