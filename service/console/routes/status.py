"""How the machine behind the pages is doing."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from service.console import rules
from service.console.doors import SignedIn
from service.console.pages import page
from service.console.queries import mail as queries
from service.console.queries import queue
from service.kit.http import Config, Db, Now
from service.scoring.queries import active_model

router = APIRouter(include_in_schema=False)


@router.get("/status")
def status_page(db: Db, visitor: SignedIn, now: Now, settings: Config) -> HTMLResponse:
    with db.read() as session:
        model = active_model(session)
        facts: dict[str, Any] = {
            "shell": queue.shell(session, now=now),
            "steps": queries.worker_steps(session),
            "model": model,
            "measures": rules.measured(model.card) if model else [],
        }
    return page("status.html", visitor, now, settings=settings, **facts)
