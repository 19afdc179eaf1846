"""What people have to put right, with the form to do it beside each."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, Response

from models import Better
from service.accounts.queries import account as account_by_id
from service.commitments import queries as promises
from service.console import actions
from service.console.doors import SignedIn, Working
from service.console.pages import go, page
from service.console.queries import queue
from service.console.queries import todo as queries
from service.console.rules import local_number
from service.kit.fields import Address, Id, Line, MetricId, Name
from service.kit.http import Config, Db, Now
from service.metrics.actions import put_metric
from service.metrics.schemas import MetricIn
from service.replies import queries as replies
from service.replies import receipts
from service.scoring.queries import alert_line, open_notices
from service.updates import actions as updates
from service.updates import held
from service.updates.queries import listing
from service.watching import report

router = APIRouter(prefix="/todo", include_in_schema=False)


@router.get("")
def todo_page(
    db: Db,
    settings: Config,
    visitor: SignedIn,
    now: Now,
    first: Annotated[Line, Query(alias="account", max_length=200)] = "",
) -> HTMLResponse:
    with db.read() as session:
        facts: dict[str, Any] = {
            "shell": queue.shell(session, now=now),
            "accounts": queries.without_rep(session, first=first),
            "accounts_count": queries.without_rep_count(session),
            "metrics": queries.without_direction(session),
            "mails": queries.stuck_mails(session),
            "promises": promises.page(session, account=None, only="at_risk", after=None, limit=queries.SHOWN),
            "promises_count": promises.at_risk_count(session),
            "late": queries.late_updates(session, now=now),
            "replies": replies.waiting_replies(session),
            "addresses": replies.stopped_in_use(session),
            "unreadable": replies.unreadable(session),
            "reputation": held.reputation_at_stake(session),
            "notices": open_notices(session),
            "candidate": report.proposal(session),
            "line": alert_line(session),
        }
    facts["answer_by"] = {
        each.id: receipts.answer_by(each, each.rep, settings) for each in facts["replies"] if each.rep
    }
    return page("todo.html", visitor, now, first=first, better=Better, why_stopped=held.WHY_STOPPED, **facts)


@router.post("/rep")
def name_rep(
    request: Request,
    db: Db,
    visitor: Working,
    now: Now,
    *,
    account_id: Annotated[Id, Form()],
    email: Annotated[Address, Form()],
    name: Annotated[Name, Form()] = "",
) -> Response:
    with db.begin() as session:
        account = account_by_id(session, account_id)
        actions.name_rep(session, account, email, name, by=visitor.actor, now=now)
    return go(request, "/todo#reps")


@router.post("/metric")
def describe_metric(
    request: Request,
    db: Db,
    visitor: Working,
    now: Now,
    *,
    metric: Annotated[MetricId, Form()],
    better: Annotated[Literal["lower", "higher", "neutral"], Form()],
    combine: Annotated[Literal["sum", "mean", "last"], Form()] = "mean",
    label: Annotated[Name, Form()] = "",
    unit: Annotated[Line, Form(max_length=40)] = "",
    target: Annotated[Line, Form(max_length=40)] = "",
    exposure: Annotated[bool, Form()] = False,
) -> Response:
    described = MetricIn(
        label=label or None, unit=unit, better=better, target=local_number(target), combine=combine, exposure=exposure
    )
    with db.begin() as session:
        put_metric(session, metric, described, by=visitor.actor, now=now)
    return go(request, "/todo#metrics")


@router.post("/mails/{mail_id}/again")
def send_again(request: Request, mail_id: UUID, db: Db, visitor: Working, now: Now) -> Response:
    with db.begin() as session:
        mail = listing.mail(session, mail_id)
        updates.send_again(session, mail, by=visitor.actor, now=now)
    return go(request, f"/mail/{mail_id}" if mail.content else "/todo#mails")
