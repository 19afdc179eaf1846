"""Notice when far too many accounts cross the line at once: that is a fault in the data rather than in the service."""

from datetime import datetime, timedelta
from uuid import uuid4

from models import STARTER, Hold, HoldKind, MailKind, Operator
from service.access import queries as operators
from service.alerts.actions import WORKER
from service.alerts.queries.lines import model_lines
from service.kit.database import Database, Session
from service.kit.settings import Settings
from service.scoring.rules import STARTER_LINE
from service.updates import holds, posting, wording
from service.updates.contents import Notice, To
from service.updates.posting import Parcel
from service.updates.queries import holding

# Of fewer accounts, a fifth is a handful: no storm.
LEAST_ACCOUNTS = 20
ONCE_IN = timedelta(hours=24)


def watch(db: Database, settings: Settings, *, now: datetime) -> int:
    """Hold the reps' mail and tell the leads when a storm begins; 1 if one has just begun."""
    with db.read() as session:
        known = holding.newest(session, HoldKind.STORM)
        if known and now < known.held_at + ONCE_IN:
            return 0
        accounts, crossed = holding.crossings(session, {STARTER: STARTER_LINE} | model_lines(session), now=now)
    if accounts < LEAST_ACCOUNTS or crossed <= settings.storm_share * accounts:
        return 0
    reason = wording.say(settings.templates, "notice/storm.j2", "reason", crossed=crossed, accounts=accounts)
    with db.begin() as session:
        lasting = timedelta(minutes=settings.storm_minutes)
        hold = holds.hold_reps(session, reason, lasting=lasting, by=WORKER, now=now)
        if hold is None:
            return 0
        for lead in operators.leads(session):
            _tell(session, hold, lead, settings, now=now)
    return 1


def _tell(session: Session, hold: Hold, lead: Operator, settings: Settings, *, now: datetime) -> None:
    facts, url = {"reason": hold.reason, "minutes": settings.storm_minutes}, f"{settings.site_url}/mail"
    to = To(uuid4(), lead.name, lead.time_zone, settings.site_url)
    parcel = Parcel(
        kind=MailKind.STORM,
        key=f"storm:{hold.id}:{lead.id}",
        content=Notice(to, "storm", url, facts),
        email=lead.email,
        root=f"storm.{hold.id.hex}",
        list_name="operations",
    )
    posting.post(session, parcel, settings, now=now)
