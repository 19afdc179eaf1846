"""Sign in and out."""

from datetime import timedelta
from typing import Annotated

import structlog
from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from service.access import queries, sessions
from service.console.doors import SignedIn, keep_cookie
from service.console.headers import device_cookie, session_cookie
from service.console.pages import templates
from service.console.rules import safe_path
from service.kit.errors import HeadsupError, TooManyRequests
from service.kit.fields import Line
from service.kit.http import Config, Db, Now
from service.kit.settings import Settings

router = APIRouter(include_in_schema=False)
log = structlog.get_logger()


@router.get("/login")
def login_page(back: Annotated[str, Query(alias="next")] = "/") -> HTMLResponse:
    return HTMLResponse(templates.get_template("login.html").render(back=safe_path(back), email="", problem=None))


@router.post("/login")
def sign_in(
    request: Request,
    db: Db,
    settings: Config,
    now: Now,
    *,
    email: Annotated[Line, Form(max_length=254)],
    password: Annotated[str, Form(max_length=1000)],
    back: Annotated[str, Form(alias="next")] = "/",
    time_zone: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Open a session. The password is checked between two transactions: hashing must not hold the database."""
    door: sessions.LoginDoor = request.app.state.login_door
    attempt = _attempt(request, settings, email)
    token_name = session_cookie(https=settings.https)
    try:
        with db.begin() as session:
            sessions.count_try(session, attempt, settings.login_attempts, now=now)
            operator = queries.operator_by_email(session, email)
        with door.hashing():
            sessions.check_password(operator, password)
        with db.begin() as session:
            sessions.close_session(session, request.cookies.get(token_name, ""), now=now)
            token = sessions.open_session(session, email, time_zone=time_zone, now=now)
            sessions.forgive_try(session, attempt, settings.login_attempts, now=now)
    except (sessions.SignInRefused, TooManyRequests) as problem:
        log.warning("sign_in_refused", problem=problem.slug())
        return _again(email, safe_path(back), problem)
    answer = RedirectResponse(safe_path(back), 303)
    keep_cookie(answer, settings, token_name, token, lifetime=sessions.LIFETIME)
    mark = sessions.mark_device(settings, email, attempt.device)
    remembered = timedelta(days=sessions.DEVICE_DAYS)
    keep_cookie(answer, settings, device_cookie(https=settings.https), mark, lifetime=remembered)
    return answer


@router.post("/here")
def still_here(_visitor: SignedIn) -> Response:
    """Tell that somebody is using the page, though it asks for nothing: they stay signed in."""
    return Response(status_code=204)


@router.post("/logout")
def sign_out(request: Request, db: Db, settings: Config, now: Now) -> Response:
    name = session_cookie(https=settings.https)
    with db.begin() as session:
        sessions.close_session(session, request.cookies.get(name, ""), now=now)
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(name, httponly=True, secure=settings.https, samesite="lax")
    return answer


def _attempt(request: Request, settings: Settings, email: str) -> sessions.Try:
    address = request.client.host if request.client else ""
    mark = request.cookies.get(device_cookie(https=settings.https), "")
    return sessions.Try(email, address, sessions.known_device(settings, email, mark))


def _again(email: str, back: str, problem: HeadsupError) -> HTMLResponse:
    status = 429 if isinstance(problem, TooManyRequests) else 401
    text = templates.get_template("login.html").render(back=back, email=email, problem=problem)
    return HTMLResponse(text, status)
