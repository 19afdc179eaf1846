"""`headsup keep`: tell what is kept for how long, or clear it now."""

from typing import Annotated

import typer

from service.commands import door
from service.commands.door import Json
from service.keeping import actions, queries
from service.kit.clock import SystemClock


def keep(
    *,
    now: Annotated[bool, typer.Option("--now", help="Clear what is due, until nothing is.")] = False,
    as_json: Json = False,
) -> None:
    """Tell what is kept for how long, what was removed so far, and what is oldest."""
    settings = door.load_settings()
    with door.installation() as db:
        moment = SystemClock().now()
        while now and actions.keep(db, settings, now=moment):
            pass
        with db.read() as session:
            done, oldest = queries.keepings(session), queries.oldest(session)
    rows = [
        {
            "what": what,
            "kept days": days or "for ever",
            "oldest": oldest[what] or "",
            "removed": done[what].removed if what in done else 0,
            "last look": done[what].day if what in done else "",
        }
        for what, days in actions.kept_days(settings).items()
    ]
    if as_json:
        door.answer({"kept": rows})
    else:
        door.table(rows, empty="")
