"""Things that the tables hold before a fault begins."""

from uuid import uuid4

from service.alerts import actions as alerts
from service.kit.clock import SystemClock
from service.kit.database import Database
from service.updates import actions as updates
from service.updates.schemas import UpdateIn
from tests import make
from tests.faults.history import Event, History, Outcome


def tell(db: Database, history: History) -> str:
    """Open an alert for a new account and write an update about it, as operations would; return the rep's address."""
    now, token = SystemClock().now(), f"token-{uuid4().hex}"
    said = UpdateIn(cause=f"A van broke down {token} .", owner="Ola Berg", fix="Another van.", next_update_at=None)
    history.note(Event(Outcome.INVOKE, "update", token))
    with db.begin() as session:
        account = make.account(session, external_id=token, rep=make.rep(session, email=f"{token}@example.com"))
        alert = make.alert(session, account, at=now)
        alerts.note(session, alert, "opened", actor="test", now=now)
        said = said.model_copy(update={"next_update_at": now + (updates.rules.LONGEST_WAIT / 2)})
        updates.write_update(session, alert, said, by="ola@example.com", now=now)
    history.note(Event(Outcome.OK, "update", token))
    return f"{token}@example.com"
