"""`headsup news …`: what is new, for reps to tell their clients."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError

from service.commands import door
from service.commands.access import BY
from service.commands.door import Json
from service.kit.clock import SystemClock
from service.kit.errors import Invalid
from service.kit.rows import reason
from service.news import actions, queries
from service.news.schemas import NewsIn, NewsOut

DAYS = ["%Y-%m-%d"]


class NewsInvalid(Invalid):
    """This is not news."""


def add(
    text: Annotated[str, typer.Argument(help="A sentence, at most 300 characters.")],
    *,
    until: Annotated[datetime, typer.Option(formats=DAYS, help="The last day on which weekly mails tell it.")],
    since: Annotated[datetime | None, typer.Option("--from", formats=DAYS, help="The first one; default: today.")] = (
        None
    ),
    segment: Annotated[str | None, typer.Option(help="Only for reps with accounts of this segment.")] = None,
    as_json: Json = False,
) -> None:
    """Let reps know what they may tell their clients, in the next weekly mail of each."""
    now = SystemClock().now()
    sent = _read(text, (since or now).date(), until.date(), segment)
    with door.installation() as db, db.begin() as session:
        row = actions.add_news(session, sent, by=BY, now=now)
        shown = NewsOut.model_validate(row).model_dump(mode="json")
    if as_json:
        door.answer(shown)
    else:
        door.say(f"Weekly mails from {sent.from_day} to {sent.until_day} tell it: {shown['id']}")


def _read(text: str, since: date, until: date, segment: str | None) -> NewsIn:
    try:
        return NewsIn(text=text, from_day=since, until_day=until, segment=segment)
    except ValidationError as error:
        first = error.errors()[0]
        raise NewsInvalid(f"{first['loc'][0]}: {reason(first['msg'])}.") from error


def show(*, as_json: Json = False) -> None:
    """List the news that are told, or will be."""
    with door.installation() as db, db.read() as session:
        found = queries.standing(session, since=SystemClock().now().date())
        rows = [NewsOut.model_validate(each).model_dump(mode="json") for each in found]
    if as_json:
        door.answer({"news": rows})
        return
    names = ("id", "from_day", "until_day", "segment", "text")
    door.table([{name: row[name] or "" for name in names} for row in rows], empty="There is no news.")


def remove(news_id: Annotated[UUID, typer.Argument(metavar="ID", help="As `headsup news list` shows it.")]) -> None:
    """Take news back; weekly mails that went out keep them."""
    with door.installation() as db, db.begin() as session:
        actions.remove_news(session, news_id, by=BY, now=SystemClock().now())
    door.say("It is told no more.")
