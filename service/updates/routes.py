"""HTTP of updates: operations writes them, everybody may read them."""

from uuid import UUID

from fastapi import APIRouter

from service.access.guards import Operating, Reader
from service.alerts import queries as alerts
from service.kit.http import Db, Now, problems
from service.updates import actions
from service.updates.queries import told
from service.updates.schemas import UpdateIn, UpdateList, UpdateOut, update_out

router = APIRouter(prefix="/v1/alerts", tags=["updates"])


@router.post("/{alert_id}/updates", status_code=201, responses=problems(400, 404, 409, 413, 415))
def write_update(alert_id: UUID, body: UpdateIn, db: Db, caller: Operating, now: Now) -> UpdateOut:
    """Tell the rep what is wrong, who has it, what is done and when the next update comes; or hear what is missing."""
    with db.begin() as session:
        alert = alerts.alert(session, alert_id)
        return update_out(actions.write_update(session, alert, body, by=caller.actor, now=now))


@router.get("/{alert_id}/updates", responses=problems(404))
def list_updates(alert_id: UUID, db: Db, _caller: Reader) -> UpdateList:
    """List what the rep was told about an alert, oldest first, with when each mail went out and was acknowledged."""
    with db.read() as session:
        alerts.alert(session, alert_id)
        return UpdateList(updates=[update_out(*row) for row in told.updates_with_mail(session, alert_id)])
