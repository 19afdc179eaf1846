"""HTTP of health, figures and the pages that explain errors."""

from datetime import datetime, timedelta
from html import escape
from typing import Annotated

from fastapi import APIRouter, FastAPI, Header, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import HTMLResponse, JSONResponse, Response

from service.health import queries, rules
from service.health.disk import room
from service.health.prometheus import CountRequests, Requests, exposition
from service.kit import schema
from service.kit.database import Session
from service.kit.errors import NotFound
from service.kit.http import Config, Db, Now
from service.kit.settings import Settings

router = APIRouter(tags=["health"], include_in_schema=False)


class ProblemNotFound(NotFound):
    """There is no such kind of problem."""


def count_requests(app: FastAPI) -> None:
    """Count the requests of this application, for /metrics."""
    app.state.requests = Requests()
    app.add_middleware(CountRequests, requests=app.state.requests)


@router.get("/livez")
async def live() -> dict[str, str]:
    """Tell that the process answers; asks nothing else."""
    return {"status": "ok"}


@router.get("/readyz")
def ready(request: Request, db: Db, now: Now) -> dict[str, str]:
    """Tell whether there is a database of the right schema and a worker that works, if one ever did."""
    if request.app.state.leaving:
        raise rules.Leaving("Ask another process.")
    schema.check_running(db)
    with db.read() as session:
        silent = rules.silent_steps(queries.worker_steps(session), now=now)
    if silent:
        raise rules.NotReady("Look at the worker's log.", silent_steps=silent)
    return {"status": "ok"}


@router.get("/health/pipeline")
def pipeline(db: Db, settings: Config, now: Now) -> dict[str, str]:
    """Tell whether every stage from metric to mail moves: what is due goes on, and rehearsals come through."""
    with db.read() as session:
        standing = _standing_still(session, settings, now=now)
    if standing:
        raise rules.PipelineStands("Look at the worker's log and at the mail relay.", standing_still=standing)
    return {"status": "ok"}


def _standing_still(session: Session, settings: Settings, *, now: datetime) -> list[str]:
    plain_after = timedelta(minutes=settings.plain_after_minutes)
    overdue = queries.overdue(session, plain_after=plain_after, now=now)
    standing = rules.standing_still(queries.worker_steps(session), overdue, now=now)
    return [*standing, *rules.nearly_full(*room(settings))]


@router.get("/metrics")
def figures(request: Request, db: Db, settings: Config, now: Now) -> Response:
    """Give Prometheus its figures."""
    with db.read() as session:
        standing = _standing_still(session, settings, now=now)
        free = room(settings).free
        read = queries.figures(session, standing_still=len(standing), disk_free=free, now=now)
    return Response(exposition(request.app.state.requests, read), media_type=CONTENT_TYPE_LATEST)


@router.get("/problems/{slug}")
def explain(slug: str, settings: Config, accept: Annotated[str, Header()] = "") -> Response:
    """Explain a kind of error: where the `type` of a problem leads."""
    known = rules.explanations()
    if slug not in known:
        raise ProblemNotFound
    title, explanation = known[slug]
    if "text/html" not in accept:
        site = f"{settings.site_url}/problems/{slug}"
        return JSONResponse({"type": site, "title": title, "explanation": explanation})
    page = f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title>"
    return HTMLResponse(f"{page}<h1>{escape(title)}</h1><p>{escape(explanation)}</p><p><code>{slug}</code></p></html>")
