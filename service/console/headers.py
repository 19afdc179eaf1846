"""What every answer carries, and which requests are refused before anything reads them."""

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger()

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# `same-origin`, not `no-referrer`: the latter makes browsers send `Origin: null` with our own forms.
DEFAULTS: Mapping[str, str] = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
CROSS_SITE = "cross-site-request"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HTTPS_ONLY = "max-age=31536000; includeSubDomains"


def session_cookie(*, https: bool) -> str:
    """`__Host-` ties the cookie to this host and to TLS; browsers refuse it over plain http."""
    return "__Host-headsup" if https else "headsup"


def device_cookie(*, https: bool) -> str:
    """By which a browser is known that somebody signed in with before."""
    return session_cookie(https=https) + "-device"


def harden(headers: MutableHeaders) -> None:
    """Add the protective headers that an answer does not set itself."""
    for name, value in DEFAULTS.items():
        headers.setdefault(name, value)


def is_cross_site(method: str, headers: Headers, site_url: str, cookie: str = "headsup") -> bool:
    """Whether this request could change something and another site may have made it.

    After Go's CrossOriginProtection. Browsers send `Sec-Fetch-Site` to https and localhost; to a plain-http host in
    the office they send only `Origin`. Programs that are no browsers send neither and carry a key: whoever carries a
    session's cookie and neither header cannot show where the request came from.
    """
    if method in SAFE:
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    if origin is None:
        return f"{cookie}=" in headers.get("cookie", "")
    return origin != site_url and urlsplit(origin).netloc != headers.get("host")


class Hardened:
    """Pure ASGI middleware around the application."""

    def __init__(self, app: ASGIApp, site_url: str, *, https: bool) -> None:
        self._app = app
        self._https = https
        self._cookie = session_cookie(https=https)
        parts = urlsplit(site_url)
        self._site = f"{parts.scheme}://{parts.netloc}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                harden(headers)
                if self._https:
                    headers["Strict-Transport-Security"] = HTTPS_ONLY
            await send(message)

        if is_cross_site(scope["method"], Headers(scope=scope), self._site, self._cookie):
            log.warning("request_refused", status=403, problem=CROSS_SITE, route="none")
            await _refuse(self._site, send_hardened)
        else:
            await self._app(scope, receive, send_hardened)


async def _refuse(site: str, send: Send) -> None:
    body = {
        "type": f"{site}/problems/{CROSS_SITE}",
        "title": "Another site made this request",
        "status": 403,
        "detail": "Open the console itself and do it there.",
    }
    headers = [(b"content-type", b"application/problem+json")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})
