"""HTTP of risks: what dashboards poll."""

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import Response

from models import STARTER
from service.access.guards import Reader
from service.accounts.queries import account as account_of
from service.kit.cursors import Cursor, read_cursor, write_cursor
from service.kit.database import Database
from service.kit.fields import Address, Id, Moment, Word
from service.kit.http import Config, Db, Now, problems
from service.kit.settings import Settings
from service.risk import queries
from service.risk.newest import Page, Version
from service.risk.rules import Asked, Sort, as_csv
from service.risk.schemas import RiskDay, RiskHistory, RiskItem, RiskList
from service.scoring.queries import alert_line
from service.scoring.rules import band

router = APIRouter(prefix="/v1", tags=["risk"])
CSV = "text/csv"
SEEN = {
    "ETag": {"description": "Give it as If-None-Match with the next poll.", "schema": {"type": "string"}},
    "Vary": {"description": "What the answer depends on.", "schema": {"type": "string"}},
}
NEXT = {"Link": {"description": "The next page of a CSV.", "schema": {"type": "string"}}}
ANSWERS: dict[int | str, dict[str, Any]] = {
    **problems(),
    200: {"model": RiskList, "content": {CSV: {"schema": {"type": "string"}}}, "headers": SEEN | NEXT},
    304: {"description": "Nothing has changed since the answer with the ETag in If-None-Match.", "headers": SEEN},
}


async def _asked(
    min_risk: Annotated[float, Query(ge=0, le=1, allow_inf_nan=False)] = 0,
    rep: Annotated[Address | None, Query(description="Accounts of the rep with this address.")] = None,
    segment: Word | None = None,
    changed_since: Annotated[Moment | None, Query(description="Accounts whose risk changed since.")] = None,
    sort: Sort = Sort.RISK_DESC,
) -> Asked:
    return Asked(min_risk, rep, segment, changed_since, sort)


@dataclass(frozen=True)
class _Wanted:
    """A page of the list."""

    asked: Asked
    limit: int
    cursor: str | None
    as_text: bool

    def etag(self, version: Version) -> str:
        said = repr((version, self.asked, self.limit, self.cursor, self.as_text))
        return f'"{hashlib.sha256(said.encode()).hexdigest()[:32]}"'


@router.get("/risk", responses=ANSWERS, response_model=None)
async def list_risks(
    request: Request,
    _caller: Reader,
    asked: Annotated[Asked, Depends(_asked)],
    db: Db,
    settings: Config,
    *,
    now: Now,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    cursor: Cursor = None,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """List accounts by risk, the riskiest first; with `sort=-priority` those with most at stake.

    An account is listed once it has a score. Poll with `If-None-Match`: 304 means that nothing has changed.
    With `Accept: text/csv` the page comes as CSV, and the next one as a `Link` header.
    """
    wanted, today = _Wanted(asked, limit, cursor, CSV in accept), now.date()
    after = read_cursor(settings, asked.fingerprint, cursor, asked.sort.kind, str)
    newest = request.app.state.risks
    etag = wanted.etag(await newest.version(db, today))
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Accept, Authorization"}
    if _matches(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    page: Page = await newest.page(etag, partial(_build, db, settings, wanted, after, today))
    headers["ETag"] = page.etag
    if not wanted.as_text:
        return Response(page.content, media_type="application/json", headers=headers)
    if page.following:
        headers["Link"] = f'<{request.url.include_query_params(cursor=page.following)}>; rel="next"'
    return Response(page.content, media_type="text/csv; charset=utf-8; header=present", headers=headers)


def _build(db: Database, settings: Settings, wanted: _Wanted, after: tuple[Any, ...] | None, today: date) -> Page:
    """Read a page at one state of the database and write it out."""
    asked, position = wanted.asked, queries.Position(*after) if after else None
    with db.read() as session:
        etag = wanted.etag((*queries.version(session), today))
        rows = queries.risks(session, asked, today=today, after=position, limit=wanted.limit + 1)
        line = alert_line(session)
    items = [_item(row, line) for row in rows[: wanted.limit]]
    following = None
    if len(rows) > wanted.limit:
        last = rows[wanted.limit - 1]
        following = write_cursor(settings, asked.fingerprint, queries.sort_value(last, asked.sort), last.account_id)
    if wanted.as_text:
        return Page(etag, as_csv(items).encode(), following)
    return Page(etag, RiskList(items=items, next=following).model_dump_json().encode(), following)


def _item(row: Any, line: float) -> RiskItem:
    return RiskItem(
        account_id=row.account_id,
        name=row.name,
        rep=row.rep,
        segment=row.segment,
        risk=round(row.risk, 6),
        rank=row.rank,
        band=band(row.risk, line),
        rise=None if row.model == STARTER else round(row.rise, 6),
        priority=round(row.priority, 6),
        change_7d=None if row.change_7d is None else round(row.change_7d, 6),
        reasons=[reason["sentence"] for reason in row.reasons if reason["direction"] == "up"],
        against=[reason["sentence"] for reason in row.reasons if reason["direction"] == "down"],
        scored_at=row.scored_at,
        data_through=row.data_through,
        model=row.model,
        missing=row.missing,
    )


def _matches(if_none_match: str, etag: str) -> bool:
    return any(tag.strip().removeprefix("W/") in {etag, "*"} for tag in if_none_match.split(","))


@router.get("/accounts/{account_id:path}/risk", responses=problems(404))
def list_risk_days(
    _caller: Reader,
    account_id: Id,
    db: Db,
    now: Now,
    days: Annotated[int, Query(ge=1, le=730, description="How far back, in days.")] = 90,
) -> RiskHistory:
    """Tell the risk of an account day by day, oldest first. Days without a score are left out."""
    with db.read() as session:
        account = account_of(session, account_id)
        found = queries.risk_days(session, account, since=(now - timedelta(days=days)).date())
        items = [RiskDay(day=each.day, risk=round(each.risk, 6), model=each.model) for each in found]
    return RiskHistory(account_id=account.external_id, items=items)
