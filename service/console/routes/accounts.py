"""The list of accounts, and all that is known of one."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse

from models import STARTER
from service.accounts.queries import account as account_by_id
from service.alerts.queries import alerts_of_account, held
from service.commitments import queries as promises
from service.console import pictures, rules
from service.console.doors import SignedIn
from service.console.pages import page
from service.console.panel import HISTORY_DAYS, spark_facts
from service.console.queries import accounts as queries
from service.console.queries import queue
from service.console.queries.accounts import Sort
from service.kit.fields import Line
from service.kit.http import Config, Db, Now
from service.outlook.actions import account_verdicts
from service.scoring.queries import alert_line

router = APIRouter(include_in_schema=False)


@router.get("/accounts")
def accounts_page(
    db: Db,
    visitor: SignedIn,
    now: Now,
    *,
    search: Annotated[Line, Query(alias="q", max_length=200)] = "",
    sort: Sort = Sort.RISK,
    number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
) -> HTMLResponse:
    with db.read() as session:
        lines, more = queries.accounts(session, search, sort, page=number)
        facts: dict[str, Any] = {"shell": queue.shell(session, now=now), "line": alert_line(session)}
        ids = [each.account.id for each in lines]
        facts |= spark_facts(session, ids, line=facts["line"], today=now.date())
    facts |= {"lines": lines, "more": more, "search": search, "sort": sort, "sorts": Sort, "number": number}
    return page("accounts.html", visitor, now, **facts)


@router.get("/accounts/{external_id:path}")
def account_page(external_id: str, db: Db, visitor: SignedIn, now: Now, settings: Config) -> HTMLResponse:
    with db.read() as session:
        account = account_by_id(session, external_id)
        since = now.date() - timedelta(days=HISTORY_DAYS)
        facts: dict[str, Any] = {
            "shell": queue.shell(session, now=now),
            "account": account,
            "score": queries.score(session, account.id),
            "line": alert_line(session),
            "risk_days": queue.risk_history(session, [account.id], since=since).get(account.id, []),
            "metrics": queries.measured(session, account.id, since=now - timedelta(days=HISTORY_DAYS)),
            "alerts": alerts_of_account(session, account.id),
            "held_out": held.of_account(session, account.id, now=now),
            "complaints": queries.complaints(session, account.id),
            "verdicts": account_verdicts(session, settings, account.id, now=now),
            "names": queue.operator_names(session),
            "promises": promises.of_account(session, account.id),
        }
    score = facts["score"]
    days = tuple((day, risk) for day, risk in facts["risk_days"])
    facts["picture"] = pictures.risk(days, facts["line"], settings, trained=bool(score) and score.model != STARTER)
    return page("account.html", visitor, now, **facts)


@router.get("/series/{account_id}")
def series(account_id: int, db: Db, _visitor: SignedIn, now: Now) -> dict[str, Any]:
    """The account's metrics of the last 120 days, day by day, for the charts."""
    with db.read() as session:
        days = queries.daily(session, account_id, since=_first_day(now))
    return {"metrics": {each.metric.external_id: _drawn(each) for each in days}}


def _first_day(now: datetime) -> datetime:
    return (now - timedelta(days=HISTORY_DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)


def _drawn(daily: queries.Daily) -> dict[str, Any]:
    metric = daily.metric
    return {
        "label": metric.label,
        "unit": metric.unit,
        "percent": rules.is_share(metric.unit),
        "target": metric.target,
        "days": daily.days,
        "values": daily.values,
    }
