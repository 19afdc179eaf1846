"""Sign in, by password and a second factor where there is one, and out."""

from datetime import datetime, timedelta
from functools import partial
from typing import Annotated

import structlog
from fastapi import APIRouter, Form, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from models import Operator
from service.access import actions, factors, queries, sessions
from service.access.login_door import LoginDoor
from service.console.doors import SignedIn, keep_cookie
from service.console.headers import device_cookie, session_cookie
from service.console.pages import templates
from service.console.rules import device, safe_path
from service.kit.database import Database, Session
from service.kit.errors import HeadsupError, TooManyRequests
from service.kit.fields import Line
from service.kit.http import Config, Db, Now
from service.kit.settings import Settings

router = APIRouter(include_in_schema=False)
log = structlog.get_logger()
Back = Annotated[str, Form(alias="next")]
TimeZone = Annotated[str, Form(max_length=64)]


@router.get("/login")
def login_page(back: Annotated[str, Query(alias="next")] = "/") -> HTMLResponse:
    return _page("login.html", None, back=back, email="")


@router.post("/login")
async def sign_in(
    request: Request,
    db: Db,
    settings: Config,
    now: Now,
    *,
    email: Annotated[Line, Form(max_length=254)],
    password: Annotated[str, Form(max_length=1000)],
    back: Back = "/",
    time_zone: TimeZone = "",
) -> Response:
    """Open a session, or ask for the second factor. Between two transactions: hashing must not hold the database."""
    door: LoginDoor = request.app.state.login_door
    attempt = sessions.Try(email, _address(request), _known(request, settings, email))
    try:
        door.check(attempt, settings.login_attempts, now=now)
        found = await door.counting.do(partial(_count, db, settings, attempt, now))
        renewed = await door.hashing.do(partial(_check, found, password))
        let_in = partial(_let_in, request, db, settings, back=back, time_zone=time_zone, now=now)
        return await run_in_threadpool(let_in, attempt, renewed)
    except (sessions.SignInRefused, TooManyRequests) as problem:
        if isinstance(problem, sessions.TriesUsedUp):
            door.remember(problem, now=now)
        log.warning("sign_in_refused", problem=problem.slug())
        return _page("login.html", problem, back=back, email=email)


def _count(db: Database, settings: Settings, attempt: sessions.Try, now: datetime) -> Operator | None:
    """Count the try, and find whom it is about."""
    with db.read() as session:
        sessions.check_tries(session, attempt, settings.login_attempts, now=now)
    with db.begin(listed=False) as session:
        sessions.count_try(session, attempt, settings.login_attempts, now=now)
        return queries.operator_by_email(session, attempt.email)


def _check(found: Operator | None, password: str) -> str | None:
    """The password's new hash, if it is right and its hash is to be renewed."""
    operator = sessions.check_password(found, password)
    return actions.renewed_hash(operator.password_hash, password)


def _let_in(
    request: Request,
    db: Database,
    settings: Settings,
    attempt: sessions.Try,
    renewed: str | None,
    *,
    back: str,
    time_zone: str,
    now: datetime,
) -> Response:
    """Open the session of somebody whose password was right, or ask for their code."""
    with db.begin() as session:
        sessions.forgive_try(session, attempt, settings.login_attempts, now=now)
        operator = sessions.welcome(session, attempt.email)
        if renewed:
            actions.keep_renewed_hash(session, operator, renewed, now=now)
        if factors.has_one(session, operator):
            shown = factors.password_was_right(settings, operator, now=now)
            return _page("code.html", None, back=back, shown=shown, time_zone=time_zone)
        token = _open(request, session, operator, settings, time_zone, now=now)
    return _welcome(request, settings, operator.email, token, back)


@router.post("/login/code")
def sign_in_by_code(
    request: Request,
    db: Db,
    settings: Config,
    now: Now,
    *,
    shown: Annotated[str, Form(max_length=500)],
    code: Annotated[Line, Form(max_length=100)],
    back: Back = "/",
    time_zone: TimeZone = "",
) -> Response:
    """Open a session for somebody who gave the right password and now a code of their second factor."""
    try:
        with db.begin() as session:
            operator = factors.whose_password(session, settings, shown, now=now)
            attempt = factors.CodeTry(operator.id, _known(request, settings, operator.email))
            if factors.is_guessable(code):
                sessions.count_try(session, attempt, settings.login_attempts, now=now)
        with db.begin() as session:
            operator = sessions.welcome(session, operator.email)
            factors.use(session, settings, operator, code, now=now)
            sessions.forgive_try(session, attempt, settings.login_attempts, now=now)
            token = _open(request, session, operator, settings, time_zone, now=now)
    except sessions.SignInRefused as problem:
        log.warning("sign_in_refused", problem=problem.slug())
        return _page("login.html", problem, back=back, email="")
    except (factors.CodeWrong, TooManyRequests) as problem:
        log.warning("sign_in_refused", problem=problem.slug())
        return _page("code.html", problem, back=back, shown=shown, time_zone=time_zone)
    return _welcome(request, settings, operator.email, token, back)


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


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _known(request: Request, settings: Settings, email: str) -> str | None:
    return sessions.known_device(settings, email, request.cookies.get(device_cookie(https=settings.https), ""))


def _open(
    request: Request, session: Session, operator: Operator, settings: Settings, time_zone: str, *, now: datetime
) -> str:
    """End the browser's session from before, if it has one, and open another."""
    sessions.close_session(session, request.cookies.get(session_cookie(https=settings.https), ""), now=now)
    named = device(request.headers.get("user-agent", ""))
    return sessions.open_session(session, operator.email, time_zone=time_zone, now=now, device=named)


def _welcome(request: Request, settings: Settings, email: str, token: str, back: str) -> Response:
    answer = RedirectResponse(safe_path(back), 303)
    keep_cookie(answer, settings, session_cookie(https=settings.https), token, lifetime=sessions.LIFETIME)
    mark = sessions.mark_device(settings, email, _known(request, settings, email))
    remembered = timedelta(days=sessions.DEVICE_DAYS)
    keep_cookie(answer, settings, device_cookie(https=settings.https), mark, lifetime=remembered)
    return answer


def _page(template: str, problem: HeadsupError | None, *, back: str, **facts: str) -> HTMLResponse:
    text = templates.get_template(template).render(back=safe_path(back), problem=problem, **facts)
    status = 200 if problem is None else 429 if isinstance(problem, TooManyRequests) else 401
    return HTMLResponse(text, status)
