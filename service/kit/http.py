"""What every route shares: its doors to database, time and settings, and how errors leave.

Errors leave as RFC 9457 `application/problem+json`; a 422 tells where and what, and never echoes what was sent.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from service.kit import errors
from service.kit.database import Database
from service.kit.settings import Settings

log = structlog.get_logger()

PROBLEM = "application/problem+json"
MAX_PROBLEMS = 20
STATUS: Mapping[type[errors.HeadsupError], int] = {
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Forbidden: 403,
    errors.Unauthenticated: 401,
    errors.Invalid: 422,
    errors.TooLarge: 413,
    errors.UnsupportedMediaType: 415,
    errors.TooManyRequests: 429,
    errors.Unavailable: 503,
}
RETRY_SECONDS = 5


def _db(request: Request) -> Database:
    return request.app.state.db  # type: ignore[no-any-return]


def _now(request: Request) -> datetime:
    return request.app.state.clock.now()  # type: ignore[no-any-return]


def _settings(request: Request) -> Settings:
    return request.app.state.settings  # type: ignore[no-any-return]


Db = Annotated[Database, Depends(_db)]
Now = Annotated[datetime, Depends(_now)]
Config = Annotated[Settings, Depends(_settings)]


def status_of(error: errors.HeadsupError) -> int:
    """The HTTP status of an error: that of the nearest kind it inherits."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def problem(request: Request, status: int, title: str, detail: str, slug: str, **members: Any) -> JSONResponse:
    """Build an RFC 9457 answer. `members` are further facts; `headers` among them goes to the response."""
    headers = members.pop("headers", None)
    site = request.app.state.settings.site_url
    body = {"type": f"{site}/problems/{slug}", "title": title, "status": status, "detail": detail, **members}
    return JSONResponse(body, status, headers=headers, media_type=PROBLEM)


def install_error_handlers(app: FastAPI) -> None:
    """Make every error of the app leave as a problem."""
    app.add_exception_handler(errors.HeadsupError, _domain_error)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(OperationalError, _database_away)
    app.add_exception_handler(PoolTimeout, _database_away)
    app.add_exception_handler(InterfaceError, _database_away)
    app.add_exception_handler(Exception, _bug)


def _domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.HeadsupError)
    status = status_of(error)
    headers: dict[str, str] = {}
    if status in {429, 503}:
        headers["Retry-After"] = str(error.facts.pop("retry_after", RETRY_SECONDS))
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="headsup"'
    return problem(request, status, error.title(), error.detail, error.slug(), headers=headers, **error.facts)


def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [
        {"pointer": "/" + "/".join(str(step) for step in item["loc"]), "detail": item["msg"]}
        for item in error.errors()[:MAX_PROBLEMS]
    ]
    detail = "Correct the fields listed in `errors` and send it again."
    return problem(request, 422, errors.Invalid.title(), detail, errors.Invalid.slug(), errors=found)


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 304:
        return Response(status_code=304, headers=error.headers)
    slug = f"http-{error.status_code}"
    return problem(request, error.status_code, str(error.detail), str(error.detail), slug, headers=error.headers)


def _database_away(request: Request, error: Exception) -> Response:
    log.warning("database_unavailable", error=type(error).__name__, path=request.url.path)
    detail = "The database does not answer. Nothing was lost that was confirmed; send it again."
    kind = errors.Unavailable
    headers = {"Retry-After": str(RETRY_SECONDS)}
    return problem(request, 503, kind.title(), detail, kind.slug(), headers=headers)


def _bug(request: Request, error: Exception) -> Response:
    log.error("request_failed", path=request.url.path, exc_info=error)
    detail = "This is our mistake. It has been logged; send it again later."
    return problem(request, 500, errors.HeadsupError.title(), detail, errors.HeadsupError.slug())
