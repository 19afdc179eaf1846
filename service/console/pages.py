"""Make a page: templates, what all of them can use, and how a problem looks to a person."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from inspect import iscoroutinefunction
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.datastructures import MutableHeaders
from starlette.responses import HTMLResponse, RedirectResponse, Response

from service.console import assets, rules
from service.console.doors import Visitor
from service.console.headers import harden
from service.kit.http import PROBLEM

Handler = Callable[[Request, Exception], Response]

templates = Environment(
    loader=PackageLoader("service.console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.globals.update(
    asset=assets.asset_url,
    happened=rules.happened,
    shade=rules.shade,
    sparkline=rules.sparkline,
    spark_y=rules.spark_y,
    stake=rules.stake,
    relative=rules.relative,
    span=rules.span,
    absolute=rules.absolute,
)
templates.filters.update(
    percent=rules.percent, unbroken=rules.unbroken, amount=rules.amount, path=lambda text: quote(text, safe="")
)


def compile_all() -> None:
    """Compile every page before the first is asked for: each stops this process for some milliseconds."""
    for name in templates.list_templates():
        templates.get_template(name)


def page(template: str, visitor: Visitor, now: datetime, *, status: int = 200, **facts: Any) -> HTMLResponse:
    """Render a page, or a part of one, for somebody who is signed in."""
    text = templates.get_template(template).render(visitor=visitor, now=now, zone=visitor.zone, **facts)
    return HTMLResponse(text, status)


def by_htmx(request: Request) -> bool:
    """Whether a part of a page is wanted instead of a whole one."""
    return request.headers.get("hx-request") == "true"


def go(request: Request, path: str) -> Response:
    """Send the browser elsewhere, after a form or to the login."""
    if by_htmx(request):
        return Response(status_code=200, headers={"HX-Redirect": path})
    return RedirectResponse(path, 303)


def to_login(request: Request, _error: Exception) -> Response:
    """Ask for the login, and come back to where the browser was going."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = here if request.method == "GET" and not by_htmx(request) and here != "/" else ""
    return go(request, f"/login?next={quote(back, safe='')}" if back else "/login")


def to_own_account(request: Request, _error: Exception) -> Response:
    """Send somebody where they have to do something before anything else."""
    return go(request, "/you")


def show_problems_as_pages(app: FastAPI) -> None:
    """Let problems reach people as a page with the same title and detail; programs get them as they are."""
    for kind, handler in list(app.exception_handlers.items()):
        if not iscoroutinefunction(handler):
            app.exception_handlers[kind] = _as_page(handler)  # type: ignore[arg-type]


def _as_page(handler: Handler) -> Callable[[Request, Exception], Awaitable[Response]]:
    # A coroutine, though it waits for nothing: Starlette sends a plain function to a thread, and who floods us with
    # what must be refused would take the threads of all others.
    async def show(request: Request, error: Exception) -> Response:
        answer = handler(request, error)
        if answer.media_type == PROBLEM and _wants_page(request):
            answer = _problem_page(request, json.loads(bytes(answer.body)), answer)
        # An answer to a bug is sent outside of all middleware, so it is hardened here.
        harden(MutableHeaders(raw=answer.raw_headers))
        return answer

    return show


def _wants_page(request: Request) -> bool:
    accepted = request.headers.get("accept", "")
    return not request.url.path.startswith("/v1/") and ("text/html" in accepted or by_htmx(request))


def _problem_page(request: Request, problem: dict[str, Any], answer: Response) -> Response:
    template = "problem_part.html" if by_htmx(request) else "problem.html"
    text = templates.get_template(template).render(problem=problem)
    headers = {name: answer.headers[name] for name in ("retry-after", "allow") if name in answer.headers}
    if by_htmx(request):
        headers |= {"HX-Retarget": "#flash", "HX-Reswap": "innerHTML"}
    return HTMLResponse(text, answer.status_code, headers)
