"""The guards of the console: who is signed in, and whether they may act."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from starlette.responses import Response

from models import Operator, Role, Scope
from service.access import factors, queries, sessions
from service.access.rules import ROLE_SCOPES
from service.console.headers import session_cookie
from service.kit.errors import Forbidden
from service.kit.http import Config, Db, Now
from service.kit.settings import Settings


class OwnAccountFirst(Forbidden):
    """Your account needs something first."""


class RoleMissing(Forbidden):
    """Your role may look, but not act."""


@dataclass(frozen=True)
class Visitor:
    """Who is looking at the page."""

    operator: Operator

    @property
    def actor(self) -> str:
        """The name that goes into histories."""
        return self.operator.email

    @property
    def may_act(self) -> bool:
        return Scope.OPERATE in ROLE_SCOPES[self.operator.role]

    @property
    def may_lead(self) -> bool:
        return self.operator.role in {Role.LEAD, Role.ADMIN}

    @property
    def may_administer(self) -> bool:
        return Scope.ADMIN in ROLE_SCOPES[self.operator.role]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.operator.time_zone)


def keep_cookie(answer: Response, settings: Settings, name: str, value: str, *, lifetime: timedelta) -> None:
    """Give the browser a cookie that scripts cannot read and other sites cannot send."""
    seconds = int(lifetime.total_seconds())
    answer.set_cookie(name, value, max_age=seconds, httponly=True, secure=settings.https, samesite="lax")


def _arriving(request: Request, db: Db, settings: Config, now: Now) -> Visitor:
    """Let in whoever has a session, also somebody who has to do something else first."""
    token = request.cookies.get(session_cookie(https=settings.https))
    if not token:
        raise sessions.SignInNeeded
    with db.read() as session:
        row = sessions.live_session(session, token, now=now)
        factor = factors.is_demanded(settings, row.operator) and not factors.has_one(session, row.operator)
    request.state.login_session = row
    request.state.to_do_first = row.operator.made_up or factor
    return Visitor(row.operator)


Arriving = Annotated[Visitor, Depends(_arriving)]


def _watching(request: Request, visitor: Arriving) -> Visitor:
    """Let in who has nothing else to do first; a poll comes in here: an open tab alone keeps nobody signed in."""
    if request.state.to_do_first:
        raise OwnAccountFirst("Change your password, or set up a second factor, as the page says.")
    return visitor


Watching = Annotated[Visitor, Depends(_watching)]


def _at_home(request: Request, visitor: Arriving, db: Db, now: Now) -> Visitor:
    """Let somebody look after their own account, whatever else they may."""
    row = request.state.login_session
    if now - row.seen_at >= sessions.SEEN_AGAIN:
        with db.begin() as session:
            queries.mark_session_seen(session, row.token_sha256, now=now)
    return visitor


AtHome = Annotated[Visitor, Depends(_at_home)]


def _signed_in(visitor: Watching, _noted: AtHome) -> Visitor:
    return visitor


SignedIn = Annotated[Visitor, Depends(_signed_in)]


def _working(visitor: SignedIn) -> Visitor:
    if not visitor.may_act:
        raise RoleMissing("Ask an agent of operations to do it, or an administrator for another role.")
    return visitor


Working = Annotated[Visitor, Depends(_working)]


def _leading(visitor: SignedIn) -> Visitor:
    if not visitor.may_lead:
        raise RoleMissing("Ask a lead of operations to do it.")
    return visitor


Leading = Annotated[Visitor, Depends(_leading)]


def _administering(visitor: SignedIn) -> Visitor:
    if not visitor.may_administer:
        raise RoleMissing("Ask an administrator to do it.")
    return visitor


Administering = Annotated[Visitor, Depends(_administering)]
