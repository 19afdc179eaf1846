"""Did we tell the rep first? The ledger as a page."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse

from service.console.doors import SignedIn
from service.console.pages import page
from service.console.queries.queue import shell
from service.kit.http import Config, Db, Now
from service.outlook.actions import read_ledger

router = APIRouter(include_in_schema=False)

SPANS = {4: "4 weeks", 12: "12 weeks", 26: "half a year", 52: "a year"}


@router.get("/outlook")
def outlook_page(
    db: Db, visitor: SignedIn, now: Now, settings: Config, weeks: Annotated[int, Query(ge=1, le=150)] = 12
) -> HTMLResponse:
    with db.read() as session:
        ledger = read_ledger(session, settings, since=now - timedelta(weeks=weeks), now=now)
        frame = shell(session, now=now)
    return page("outlook.html", visitor, now, ledger=ledger, weeks=weeks, spans=SPANS, settings=settings, shell=frame)
