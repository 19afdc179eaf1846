"""Sign in and out."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from service.access import queries, sessions
from service.console.doors import cookie_name
from service.console.pages import templates
from service.console.rules import safe_path
from service.kit.errors import HeadsupError, TooManyRequests
from service.kit.fields import Line
from service.kit.http import Config, Db, Now

router = APIRouter(include_in_schema=False)


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
    address = request.client.host if request.client else ""
    name = cookie_name(secure=settings.cookie_secure)
    try:
        door.knock(address, email)
        with db.read() as session:
            operator = queries.operator_by_email(session, email)
        with door.hashing():
            sessions.check_password(operator, password)
        with db.begin() as session:
            sessions.close_session(session, request.cookies.get(name, ""), now=now)
            token = sessions.open_session(session, email, time_zone=time_zone, now=now)
    except (sessions.SignInRefused, TooManyRequests) as problem:
        return _again(email, safe_path(back), problem)
    door.forgive(address, email)
    answer = RedirectResponse(safe_path(back), 303)
    lifetime = int(sessions.LIFETIME.total_seconds())
    answer.set_cookie(name, token, max_age=lifetime, httponly=True, secure=settings.cookie_secure, samesite="lax")
    return answer


@router.post("/logout")
def sign_out(request: Request, db: Db, settings: Config, now: Now) -> Response:
    name = cookie_name(secure=settings.cookie_secure)
    with db.begin() as session:
        sessions.close_session(session, request.cookies.get(name, ""), now=now)
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(name, httponly=True, secure=settings.cookie_secure, samesite="lax")
    return answer


def _again(email: str, back: str, problem: HeadsupError) -> HTMLResponse:
    status = 429 if isinstance(problem, TooManyRequests) else 401
    text = templates.get_template("login.html").render(back=back, email=email, problem=problem)
    return HTMLResponse(text, status)
