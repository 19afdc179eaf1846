"""How good is the model? And, for administrators, which one speaks."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, Response

from service.console import charts
from service.console.doors import Administering, SignedIn
from service.console.pages import go, page
from service.console.queries.queue import shell
from service.kit.fields import Line
from service.kit.http import Config, Db, Now
from service.scoring import actions as scoring
from service.scoring.queries import planned_alerts_per_day
from service.watching import actions, report

router = APIRouter(prefix="/model", include_in_schema=False)


@router.get("")
def model_page(db: Db, visitor: SignedIn, now: Now, settings: Config) -> HTMLResponse:
    with db.read() as session:
        found = report.read(session, settings, now=now)
        frame = shell(session, now=now)
        planned = planned_alerts_per_day(session, settings.alerts_per_day)
    return page(
        "model.html",
        visitor,
        now,
        found=found,
        settings=settings,
        shell=frame,
        by_week=charts.by_week(found.weeks, found.promised.right if found.promised else None),
        calibration=charts.calibration(found.lived.bins) if found.lived else None,
        share_scored=report.share_scored(found.today) if found.today else None,
        alerts_a_day=report.alerts_a_day(found.seen),
        week_of=report.week_of,
        planned=planned,
    )


@router.post("/promote")
def promote(
    request: Request,
    db: Db,
    visitor: Administering,
    now: Now,
    settings: Config,
    *,
    version: Annotated[Line, Form(max_length=64)],
) -> Response:
    """Let a trained model speak, after its files were found sound and its test good enough."""
    with db.begin() as session:
        scoring.promote_tested(session, settings, version, by=visitor.actor, now=now)
    return go(request, "/model")


@router.post("/rollback")
def roll_back(request: Request, db: Db, visitor: Administering, now: Now, settings: Config) -> Response:
    """Let the model before the active one speak again."""
    with db.begin() as session:
        actions.roll_back(session, settings, by=visitor.actor, now=now)
    return go(request, "/model")
