"""What every route shares: its doors to database, time and settings, and how errors leave.

Errors leave as RFC 9457 `application/problem+json`; a 422 tells where and what, and never echoes what was sent.
"""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated, Any

import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.kit import errors
from service.kit.database import Database
from service.kit.pauses import retry_after
from service.kit.rows import pointer, reason
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
PROBLEM_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "A page that explains this kind of error."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What to do."},
        "errors": {
            "type": "array",
            "description": "What is wrong where, if it is the input.",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}

_SECONDS = {"headers": {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}}
PROBLEM_HEADERS: Mapping[int, dict[str, Any]] = {
    401: {"headers": {"WWW-Authenticate": {"description": "How to say who you are.", "schema": {"type": "string"}}}},
    429: _SECONDS,
    503: _SECONDS,
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


# These are coroutines, though they wait for nothing: for a plain function FastAPI would send each to a thread.
async def _db(request: Request) -> Database:
    return request.app.state.db  # type: ignore[no-any-return]


async def _now(request: Request) -> datetime:
    return request.app.state.clock.now()  # type: ignore[no-any-return]


async def _settings(request: Request) -> Settings:
    return request.app.state.settings  # type: ignore[no-any-return]


async def _utf8_only(request: Request) -> None:
    """Refuse JSON in another encoding, which Python's reader would guess at."""
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.lower().replace('"', "").partition("charset=")[2].strip()
    if charset not in {"", "utf-8", "utf8", "us-ascii"}:
        raise errors.UnsupportedMediaType("Send text as UTF-8.")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise errors.UnsupportedMediaType("Send the body as it is, without Content-Encoding.")
    if kind.strip().lower() == "application/json":
        start = (await request.body())[:4]
        if b"\0" in start or start.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
            raise errors.Invalid("Send JSON as UTF-8 without a byte order mark.")


Utf8Only = Depends(_utf8_only)
Db = Annotated[Database, Depends(_db)]
Now = Annotated[datetime, Depends(_now)]
Config = Annotated[Settings, Depends(_settings)]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route's documentation says of its errors. Those that every guarded route has are always there."""
    content = {PROBLEM: {"schema": PROBLEM_SCHEMA}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content} | PROBLEM_HEADERS.get(status, {})
        for status in sorted({401, 403, 422, 429, 503, *statuses})
    }


def status_of(error: errors.HeadsupError) -> int:
    """The HTTP status of an error: that of the nearest kind it inherits."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def problem(request: Request, status: int, title: str, detail: str, slug: str, **members: Any) -> JSONResponse:
    """Build an RFC 9457 answer. `members` are further facts; `headers` among them goes to the response."""
    headers = members.pop("headers", None)
    site = request.app.state.settings.site_url
    body = {"type": f"{site}/problems/{slug}", "title": title, "status": status, "detail": detail, **members}
    return JSONResponse(body, status, headers=headers, media_type=PROBLEM)


class BodyLimit:
    """Refuses bodies that are too large: by Content-Length before they are read, otherwise while they are.

    `wider` are paths that take more, with how many bytes.
    FastAPI's own limit does the same, but answers in plain text.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, wider: Mapping[str, int] = MappingProxyType({})) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.wider = wider

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = max(self.max_bytes, self.wider.get(scope["path"], 0))
        length = Headers(scope=scope).get("content-length", "")
        if length.isdecimal() and int(length[:20]) > limit:
            response = _http_error(Request(scope), _too_large(limit))
            await response(scope, receive, send)
            return
        total = 0

        async def counting() -> Message:
            nonlocal total
            message = await receive()
            total += len(message.get("body", b""))
            if total > limit:
                raise _too_large(limit)
            return message

        await self.app(scope, counting, send)


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, f"Send at most {limit:,} bytes at a time.")


def install_error_handlers(app: FastAPI) -> None:
    """Make every error of the app leave as a problem."""
    app.add_exception_handler(errors.HeadsupError, refusal)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(OperationalError, _database_away)
    app.add_exception_handler(PoolTimeout, _database_away)
    app.add_exception_handler(InterfaceError, _database_away)
    app.add_exception_handler(Exception, _bug)


def refusal(request: Request, error: Exception) -> Response:
    """The answer to one of our own errors."""
    assert isinstance(error, errors.HeadsupError)
    status = status_of(error)
    if status in {401, 403}:
        log.warning("request_refused", status=status, problem=error.slug(), route=_route(request))
    headers: dict[str, str] = {}
    if status in {429, 503}:
        headers["Retry-After"] = str(error.facts.pop("retry_after", None) or retry_after())
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="headsup"'
    return problem(
        request, status, error.title(), error.detail or error.title(), error.slug(), headers=headers, **error.facts
    )


def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [{"pointer": pointer(item["loc"]), "detail": reason(item["msg"])} for item in error.errors()[:MAX_PROBLEMS]]
    detail = "Correct the fields listed in `errors` and send it again."
    return problem(request, 422, errors.Invalid.title(), detail, errors.Invalid.slug(), errors=found)


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 304:
        return Response(status_code=304, headers=error.headers)
    title = HTTPStatus(error.status_code).phrase
    slug = f"http-{error.status_code}"
    headers = {"Allow": _allowed(request)} if error.status_code == 405 else error.headers
    return problem(request, error.status_code, title, str(error.detail), slug, headers=headers)


def _allowed(request: Request) -> str:
    """The methods of an address. Several routes may share it; Starlette names those of the first one only."""
    asked = ((method, {**request.scope, "method": method}) for method in METHODS)
    return ", ".join(
        method for method, scope in asked if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
    )


def _route(request: Request) -> str:
    """The pattern of the address: the address itself may hold a link's secret."""
    return getattr(request.scope.get("route"), "path", "none")


def _database_away(request: Request, error: Exception) -> Response:
    log.warning("database_unavailable", error=type(error).__name__, route=_route(request))
    detail = "The database does not answer. Nothing was lost that was confirmed; send it again."
    kind = errors.Unavailable
    return problem(request, 503, kind.title(), detail, kind.slug(), headers={"Retry-After": retry_after()})


def _bug(request: Request, error: Exception) -> Response:
    log.error("request_failed", route=_route(request), exc_info=error)
    detail = "This is our mistake. It has been logged; send it again later."
    return problem(request, 500, errors.HeadsupError.title(), detail, errors.HeadsupError.slug())
