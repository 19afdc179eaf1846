"""Your account: password, second factor, where you are signed in."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from models import LoginSession
from service.access import actions, codes, factors, passwords, queries, sessions
from service.access.factors import CodeWrong
from service.console.doors import AtHome, Visitor, keep_cookie
from service.console.headers import session_cookie
from service.console.pages import page
from service.console.queries import queue
from service.kit.database import Database
from service.kit.errors import Conflict, HeadsupError, Invalid, TooManyRequests
from service.kit.fields import Line
from service.kit.http import Config, Db, Now, status_of
from service.kit.settings import Settings

router = APIRouter(prefix="/you", include_in_schema=False)
Password = Annotated[str, Form(max_length=1000)]
NUMBER = 12
DONE = {
    "password": "Your password is changed, and you are signed out everywhere else.",
    "ended": "Signed out there.",
} | {"off": "Your second factor is off."}


class PasswordWrong(Invalid):
    """That is not your password."""


class PasswordsDiffer(Invalid):
    """The two new passwords differ."""


class PasswordUnchanged(Invalid):
    """That is the password you have."""


class Own:
    """Somebody looking after their own account: who, in which browser, when."""

    def __init__(self, request: Request, db: Db, settings: Config, visitor: AtHome, now: Now) -> None:
        self.request = request
        self.db: Database = db
        self.settings: Settings = settings
        self.visitor: Visitor = visitor
        self.operator = visitor.operator
        self.here: LoginSession = request.state.login_session
        self.now: datetime = now

    def show(self, template: str = "you.html", problem: HeadsupError | None = None, **facts: Any) -> HTMLResponse:
        """Render a page with all that it may need."""
        with self.db.read() as session:
            facts |= {
                "shell": queue.shell(session, now=self.now),
                "has_factor": factors.has_one(session, self.operator),
                "codes_left": queries.recovery_codes_left(session, self.operator.id),
                "sessions": sessions.own_sessions(session, self.operator, now=self.now),
            }
        facts |= {"demanded": factors.is_demanded(self.settings, self.operator), "here": self.here, "problem": problem}
        facts |= {"done": DONE.get(self.request.query_params.get("done", "")), "number": number}
        return page(template, self.visitor, self.now, status=status_of(problem) if problem else 200, **facts)

    def attempt(self, verb: Callable[[], Response]) -> Response:
        """Do it, or show the page with what stands in the way."""
        try:
            return verb()
        except (Invalid, Conflict, TooManyRequests) as problem:
            return self.show(problem=problem)

    def prove(self, password: str, *, then: Callable[[], str] = str) -> str:
        """Check that it is they who sit there; and hash `then`, too, while the place for it is held.

        Raises:
            PasswordWrong: it is somebody else's guess.
            TooManyRequests: this browser has used up its tries.
        """
        tries = sessions.Try(self.operator.email, "", self.here.token_sha256)
        with self.db.begin() as session:
            sessions.count_try(session, tries, self.settings.login_attempts, now=self.now)
        hashed: str = self.request.app.state.login_door.hashing.begin(partial(self._proved, password, then)).result()
        with self.db.begin() as session:
            sessions.forgive_try(session, tries, self.settings.login_attempts, now=self.now)
        return hashed

    def _proved(self, password: str, then: Callable[[], str]) -> str:
        if not actions.password_fits(self.operator.password_hash, password):
            raise PasswordWrong("Type the one that you signed in with.")
        return then()


Yours = Annotated[Own, Depends()]


@router.get("")
def your_account(own: Yours) -> HTMLResponse:
    return own.show()


@router.post("/password")
def change_password(own: Yours, *, password: Password, new: Password, again: Password) -> Response:
    """Take another password, and end every session but this one, which gets another token."""
    return own.attempt(lambda: _change_password(own, password, new, again))


@router.post("/sessions/end")
def end_session(own: Yours, *, session: Annotated[Line, Form(max_length=NUMBER)] = "") -> Response:
    """End one session of one's own, or all but this one."""
    with own.db.begin() as transaction:
        mine = sessions.own_sessions(transaction, own.operator, now=own.now)
        others = [each for each in mine if each.token_sha256 != own.here.token_sha256]
        ended = [each for each in others if session in {"", number(each)}]
        sessions.end_sessions(transaction, own.operator, ended, now=own.now)
    return RedirectResponse("/you?done=ended", 303)


@router.post("/factor")
def begin_factor(own: Yours, *, password: Password) -> Response:
    """Show the key of a second factor, for the device to read."""

    def begin() -> Response:
        own.prove(password)
        with own.db.begin() as session:
            factors.begin(session, own.settings, own.operator, now=own.now)
        return _show_key(own)

    return own.attempt(begin)


@router.post("/factor/on")
def finish_factor(own: Yours, *, code: Annotated[Line, Form(max_length=40)]) -> Response:
    """Let the second factor count, and show the codes for recovery, this once."""
    try:
        with own.db.begin() as session:
            made = factors.finish(session, own.settings, own.operator, code, now=own.now)
    except CodeWrong as problem:
        return _show_key(own, problem)
    except Conflict as problem:
        return own.show(problem=problem)
    return own.show("you_codes.html", codes=made)


@router.post("/factor/off")
def take_factor_off(own: Yours, *, password: Password) -> Response:
    """Go on with the password alone."""

    def take_off() -> Response:
        own.prove(password)
        with own.db.begin() as session:
            factors.give_up(session, own.settings, own.operator, now=own.now)
        return RedirectResponse("/you?done=off", 303)

    return own.attempt(take_off)


@router.post("/factor/codes")
def renew_codes(own: Yours, *, password: Password) -> Response:
    """Show other codes for recovery, this once."""

    def renew() -> Response:
        own.prove(password)
        with own.db.begin() as session:
            made = factors.renew_recovery_codes(session, own.operator, now=own.now)
        return own.show("you_codes.html", codes=made)

    return own.attempt(renew)


def number(row: LoginSession) -> str:
    """What a session is called on the page; nobody gets in with it."""
    return row.token_sha256[:NUMBER]


def _change_password(own: Own, password: str, new: str, again: str) -> Response:
    operator, settings = own.operator, own.settings
    if new != again:
        raise PasswordsDiffer("Type the new one twice.")
    if new == password:
        raise PasswordUnchanged("Take another one.")
    passwords.check(new, passwords.fitting_words(settings, operator.email, operator.name))
    passwords.refuse_listed(new, settings.refused_passwords)
    hashed = own.prove(password, then=lambda: actions.hash_password(new))
    with own.db.begin() as session:
        mine = sessions.welcome(session, operator.email)
        actions.keep_password(session, mine, hashed, by=operator.email, now=own.now)
        device, zone = own.here.device, operator.time_zone
        token = sessions.open_session(session, operator.email, time_zone=zone, now=own.now, device=device)
    answer = RedirectResponse("/you?done=password", 303)
    keep_cookie(answer, settings, session_cookie(https=settings.https), token, lifetime=sessions.LIFETIME)
    return answer


def _show_key(own: Own, problem: HeadsupError | None = None) -> HTMLResponse:
    with own.db.read() as session:
        key = factors.begun(session, own.settings, own.operator)
    address = codes.link(own.settings, own.operator.email, key)
    picture = segno.make(address, error="m").svg_inline(scale=4, dark="#000", light="#fff")
    return own.show("you_factor.html", problem, picture=picture, key=codes.written(key), address=address)
