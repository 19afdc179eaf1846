"""The guards of the API: they tell who calls, and whether it may."""

from collections.abc import Callable, Coroutine
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from models import Scope
from service.access.metering import key_of
from service.access.rules import KEY, Caller, KeyInUrl, KeyInvalid
from service.kit.errors import Forbidden
from service.kit.http import Db, Now

BEARER = HTTPBearer(
    scheme_name="ApiKey", description="`Authorization: Bearer hu_…`, made by `headsup key create`", auto_error=False
)


class ScopeMissing(Forbidden):
    """This key may not do this."""


async def _caller(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)],
    db: Db,
    now: Now,
) -> Caller:
    if KEY.search(request.scope["query_string"].decode("latin-1")):
        raise KeyInUrl("Send it as `Authorization: Bearer hu_…`. Addresses are logged: revoke this key.")
    if credentials is None:
        raise KeyInvalid("Send `Authorization: Bearer hu_…` with a key made by `headsup key create`.")
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
    now: Now,
) -> Caller:
    """Let in a key as the password of Basic authentication, too: providers of inbound mail can send nothing else."""
    caller = await _caller(request, credentials or _from_password(request), db, now)
    return await _needs(Scope.MAIL)(caller)


def _from_password(request: Request) -> HTTPAuthorizationCredentials | None:
    key = key_of(request.headers.get("authorization", ""))
    return HTTPAuthorizationCredentials(scheme="Bearer", credentials=key) if key else None


Mailing = Annotated[Caller, Depends(_mailing)]
Ingester = Annotated[Caller, Depends(_needs(Scope.INGEST))]
Reader = Annotated[Caller, Depends(_needs(Scope.READ))]
Operating = Annotated[Caller, Depends(_needs(Scope.OPERATE))]
