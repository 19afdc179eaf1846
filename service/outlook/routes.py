"""HTTP of the outlook."""

from fastapi import APIRouter

from service.access.guards import Reader
from service.alerts import trial
from service.kit.fields import Moment
from service.kit.http import Config, Db, Now
from service.outlook import actions
from service.outlook.schemas import OutlookOut, outlook_out

router = APIRouter(prefix="/v1/outlook", tags=["outlook"])


@router.get("")
def show_outlook(
    db: Db, settings: Config, now: Now, _caller: Reader, since: Moment | None = None, until: Moment | None = None
) -> OutlookOut:
    """Tell how often the rep was told before the client complained, and how alerts did, week by week.

    Without `since` it begins 12 weeks ago, without `until` it ends now.
    """
    with db.read() as session:
        ledger = actions.read_ledger(session, settings, since=since, until=until, now=now)
        measured = trial.measure(session, settings, now=now) if settings.holdout_share else None
    return outlook_out(ledger, measured)
