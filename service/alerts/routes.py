"""HTTP of alerts: look at them, and say what was done about them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from service.access.guards import Operating, Reader
from service.alerts import actions, queries, schemas
from service.alerts.queries.listing import Order, Wanted, page
from service.alerts.schemas import (
    AlertOut,
    AlertPage,
    AlertStory,
    AssignIn,
    ResolveIn,
    Shown,
    SnoozeIn,
    WrongIn,
    alert_out,
)
from service.kit.cursors import Cursor, read_cursor, write_cursor
from service.kit.fields import Address, Id
from service.kit.http import Config, Db, Now, problems

router = APIRouter(prefix="/v1/alerts", tags=["alerts"])
MOVED = problems(404, 409)
SAID = problems(400, 404, 409, 413, 415)


@router.get("")
def list_alerts(
    db: Db,
    settings: Config,
    now: Now,
    _caller: Reader,
    *,
    status: Shown = Shown.LIVE,
    account_id: Id | None = None,
    rep: Address | None = None,
    assigned_to: Address | None = None,
    sort: Order = Order.RISK,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Cursor = None,
) -> AlertPage:
    """List alerts: the live ones unless you ask for others, the riskiest first.

    With `sort=priority` those with most at stake come first, as in the console's queue; with `sort=opened` the newest.
    """
    after = read_cursor(settings, f"alerts.{sort}", cursor, sort.kind, str)
    wanted = Wanted(
        statuses=status.statuses(),
        account=account_id,
        rep=rep,
        assigned_to=assigned_to,
        order=sort,
        after=sort.place(*after) if after else None,
        limit=limit + 1,
    )
    with db.read() as session:
        found = page(session, wanted)
        waiting = actions.waiting(session, settings, now=now)
    shown = found[:limit]
    more = len(found) > limit
    following = write_cursor(settings, f"alerts.{sort}", *shown[-1][1].position()) if more else None
    return AlertPage(items=[alert_out(alert) for alert, _ in shown], next=following, waiting=waiting)


@router.get("/{alert_id}", responses=problems(404))
def show_alert(alert_id: UUID, db: Db, _caller: Reader) -> AlertStory:
    """Show one alert with all that happened to it."""
    with db.read() as session:
        alert = queries.alert(session, alert_id)
        return schemas.alert_story(alert, queries.events(session, alert_id))


@router.post("/{alert_id}/acknowledge", responses=MOVED)
def acknowledge_alert(alert_id: UUID, db: Db, caller: Operating, now: Now) -> AlertOut:
    """Tell the others that you have this alert. Doing it again changes nothing."""
    with db.begin() as session:
        alert = queries.alert(session, alert_id)
        actions.acknowledge(session, alert, by=caller.actor, now=now)
        return alert_out(alert)


@router.post("/{alert_id}/assign", responses=SAID)
def assign_alert(alert_id: UUID, body: AssignIn, db: Db, caller: Operating, now: Now) -> AlertOut:
    """Give the alert to an operator. An open alert stays open until somebody acknowledges it."""
    with db.begin() as session:
        alert = queries.alert(session, alert_id)
        actions.assign(session, alert, body.to, by=caller.actor, now=now)
        return alert_out(alert)


@router.post("/{alert_id}/snooze", responses=SAID)
def snooze_alert(alert_id: UUID, body: SnoozeIn, db: Db, caller: Operating, now: Now) -> AlertOut:
    """Let the alert sleep until a time or until the risk reaches a height; then it is open again."""
    with db.begin() as session:
        alert = queries.alert(session, alert_id)
        actions.snooze(session, alert, until=body.until, risk=body.until_risk, by=caller.actor, now=now)
        return alert_out(alert)


@router.post("/{alert_id}/resolve", responses=SAID)
def resolve_alert(alert_id: UUID, body: ResolveIn, db: Db, caller: Operating, now: Now) -> AlertOut:
    """End the alert: the problem is fixed."""
    with db.begin() as session:
        alert = queries.alert(session, alert_id)
        actions.resolve(session, alert, body.note, by=caller.actor, now=now)
        return alert_out(alert)


@router.post("/{alert_id}/wrong", responses=SAID)
def mark_alert_wrong(alert_id: UUID, body: WrongIn, db: Db, caller: Operating, now: Now) -> AlertOut:
    """End the alert: it should not have been raised. Training uses the reason."""
    with db.begin() as session:
        alert = queries.alert(session, alert_id)
        actions.mark_wrong(session, alert, body.why, body.reason, by=caller.actor, now=now)
        return alert_out(alert)
