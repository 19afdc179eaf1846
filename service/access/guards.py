"""The guards of the API: they tell who calls, and whether it may."""

import base64
import binascii
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from models import Scope
from service.access import actions, queries
from service.access.rules import KEY, Caller, KeyInUrl, KeyInvalid
from service.kit.errors import Forbidden, TooManyRequests
from service.kit.http import Config, Db, Now

BEARER = HTTPBearer(
    scheme_name="ApiKey", description="`Authorization: Bearer hu_…`, made by `headsup key create`", auto_error=False
)


class ScopeMissing(Forbidden):
    """This key may not do this."""


class Limiter:
    """Counts requests per key in this process's memory."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    def take(self, name: str, per_minute: int) -> None:
        """Count one request.

        Raises:
            TooManyRequests: the minute's share is used up.
        """
        if not self._limiter.hit(RateLimitItemPerMinute(per_minute), name):
            raise TooManyRequests(f"A key may make {per_minute} requests a minute.", retry_after=30)


def _caller(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)],
    db: Db,
    settings: Config,
    now: Now,
) -> Caller:
    if KEY.search(request.url.query):
        raise KeyInUrl("Send it as `Authorization: Bearer hu_…`. Addresses are logged: revoke this key.")
    if credentials is None:
        raise KeyInvalid("Send `Authorization: Bearer hu_…` with a key made by `headsup key create`.")
    with db.read() as session:
        caller, unnoted = actions.authenticate_key(session, credentials.credentials, now=now)
    request.app.state.limiter.take(f"key:{caller.api_key_id}", settings.requests_per_minute)
    if unnoted and caller.api_key_id is not None:
        with db.begin() as session:
            queries.mark_key_used(session, caller.api_key_id, now=now)
    return caller


def _needs(scope: Scope) -> Callable[[Caller], Caller]:
    def guard(caller: Annotated[Caller, Depends(_caller)]) -> Caller:
        if scope not in caller.scopes:
            raise ScopeMissing(f"It lacks the scope `{scope}`.")
        return caller

    return guard


def _mailing(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)],
    db: Db,
    settings: Config,
    now: Now,
) -> Caller:
    """Let in a key as the password of Basic authentication, too: providers of inbound mail can send nothing else."""
    caller = _caller(request, credentials or _from_password(request), db, settings, now)
    return _needs(Scope.MAIL)(caller)


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
