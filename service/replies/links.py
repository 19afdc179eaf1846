"""The links of a mail. They need no login; opening one never acts, since mail scanners open them all."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from service.kit import links
from service.kit.database import Database, Session
from service.kit.http import Config, Db, Now
from service.kit.settings import Settings
from service.replies import choices
from service.replies.pages import HEADERS, invalid, page
from service.updates import ways_back
from service.updates.ways_back import ACKNOWLEDGE, PAUSE, UNSUBSCRIBE, UNSUBSCRIBE_DAYS

log = structlog.get_logger()

router = APIRouter(include_in_schema=False)

# A token that is not valid is looked up like one that is: the time it takes tells nothing.
NO_MAIL, NO_REP = UUID(int=0), 0
ONE_CLICK = "One-Click"


@router.api_route("/a/{token}", methods=["GET", "HEAD"])
def show_acknowledge(token: str, db: Db, settings: Config) -> Response:
    """Show the buttons."""
    try:
        with db.read() as session:
            found = choices.acknowledged(session, _mail_id(token, settings))
    except links.LinkInvalid:
        return invalid(settings)
    names, url = found.account_names, ways_back.pause_url(settings, found.rep_id)
    return page(settings, "acknowledge", names=names, already=found.already, pause=url.removeprefix(settings.site_url))


@router.post("/a/{token}")
def acknowledge(token: str, db: Db, settings: Config, now: Now, *, knew: Annotated[bool, Form()] = False) -> Response:
    """Note that the rep has it. Pressing again changes nothing."""
    mail_id = _mail_id(token, settings)
    look = _look(lambda session: choices.acknowledged(session, mail_id))
    return _act(
        db, settings, look, lambda session: choices.acknowledge(session, mail_id, knew=knew, now=now), f"/a/{token}"
    )


@router.api_route("/p/{token}", methods=["GET", "HEAD"])
def show_pause(token: str, db: Db, settings: Config, now: Now) -> Response:
    """Show until when mails can be paused, or are."""
    try:
        with db.read() as session:
            made = choices.choice(session, _rep_id(token, settings, PAUSE), now=now)
    except links.LinkInvalid:
        return invalid(settings)
    today = now.astimezone(made.time_zone).date()
    earliest, latest = today + timedelta(days=1), today + choices.LONGEST_PAUSE
    return page(settings, "pause", until=made.paused_until, offers=offers(today), earliest=earliest, latest=latest)


@router.post("/p/{token}")
def pause(
    token: str,
    db: Db,
    settings: Config,
    now: Now,
    *,
    until: Annotated[str, Form()] = "",
    resume: Annotated[bool, Form()] = False,
) -> Response:
    """Pause the rep's mails until a day, or let them come again."""
    rep_id = _rep_id(token, settings, PAUSE)
    look = _look(lambda session: choices.choice(session, rep_id, now=now))
    if resume:
        return _act(db, settings, look, lambda session: choices.resume(session, rep_id, now=now), f"/p/{token}")
    day = choices.day(until)
    return _act(db, settings, look, lambda session: choices.pause(session, rep_id, day, now=now), f"/p/{token}")


@router.api_route("/u/{token}", methods=["GET", "HEAD"])
def show_unsubscribe(token: str, db: Db, settings: Config, now: Now) -> Response:
    """Show the button that ends the weekly mails, or lets them come again."""
    try:
        with db.read() as session:
            rep_id = _rep_id(token, settings, UNSUBSCRIBE, days=UNSUBSCRIBE_DAYS)
            made = choices.choice(session, rep_id, now=now)
    except links.LinkInvalid:
        return invalid(settings)
    return page(settings, "unsubscribe", ended=made.digests_ended)


@router.post("/u/{token}")
def unsubscribe(
    token: str,
    db: Db,
    settings: Config,
    now: Now,
    *,
    one_click: Annotated[str, Form(alias="List-Unsubscribe", max_length=20)] = "",
    again: Annotated[bool, Form()] = False,
) -> Response:
    """End the weekly mails: by a mail program's single POST (RFC 8058) or by the button of the page."""
    rep_id = _rep_id(token, settings, UNSUBSCRIBE, days=UNSUBSCRIBE_DAYS)
    ended = one_click == ONE_CLICK or not again
    look = _look(lambda session: choices.choice(session, rep_id, now=now))
    done = _act(
        db, settings, look, lambda session: choices.end_digests(session, rep_id, ended=ended, now=now), f"/u/{token}"
    )
    # A mail program must not be sent elsewhere.
    return page(settings, "unsubscribe", ended=True) if one_click and done.status_code == 303 else done


def offers(today: date) -> list[tuple[str, date]]:
    """The days on which people come back, each with the name that its words go by in the template."""
    monday = today + timedelta(days=7 - today.weekday())
    tomorrow = today + timedelta(days=1)
    days = [("tomorrow", tomorrow), ("monday", monday), ("two_weeks", today + timedelta(days=14))]
    return [each for each in days if each[0] != "monday" or monday != tomorrow]


Look = Callable[[Session], None]


def _look(question: Callable[[Session], object]) -> Look:
    def look(session: Session) -> None:
        question(session)

    return look


def _act(db: Database, settings: Settings, look: Look, act: Callable[[Session], None], then: str) -> Response:
    """Do it, after a look that costs no lock: what is not signed must hold nobody up."""
    try:
        with db.read() as session:
            look(session)
        with db.begin() as session:
            act(session)
    except links.LinkInvalid:
        return invalid(settings)
    except choices.PauseInvalid:
        log.info("pause_refused")
    return RedirectResponse(then, 303, headers=HEADERS)


def _mail_id(token: str, settings: Settings) -> UUID:
    try:
        return UUID(links.subject_of(settings, ACKNOWLEDGE, token))
    except (links.LinkInvalid, ValueError):
        return NO_MAIL


def _rep_id(token: str, settings: Settings, purpose: str, *, days: int = links.MAX_AGE_DAYS) -> int:
    try:
        return int(links.subject_of(settings, purpose, token, days=days))
    except (links.LinkInvalid, ValueError):
        return NO_REP
