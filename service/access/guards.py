"""The guards of the API: they tell who calls, and whether it may."""

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


Ingester = Annotated[Caller, Depends(_needs(Scope.INGEST))]
Reader = Annotated[Caller, Depends(_needs(Scope.READ))]
Operating = Annotated[Caller, Depends(_needs(Scope.OPERATE))]
