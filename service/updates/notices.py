"""Tell the leads what is to be known about the model: each notice once to each."""

from datetime import datetime
from uuid import uuid4

from models import MailKind, Notice, Operator
from service.access import queries as operators
from service.kit.database import Database, Session
from service.kit.settings import Settings
from service.scoring import queries as scoring
from service.updates import contents, posting
from service.updates.contents import To
from service.updates.posting import Parcel
from service.updates.queries import outbox


def compose(db: Database, settings: Settings, *, now: datetime) -> int:
    """Put a mail about each open notice into the outbox; a step of the worker."""
    with db.read() as session:
        if not scoring.open_notices(session):
            return 0
    with db.begin() as session:
        owed = {
            f"model:{notice.id}:{lead.id}": (notice, lead)
            for notice in scoring.open_notices(session)
            for lead in operators.leads(session)
        }
        known = outbox.known_keys(session, list(owed))
        return sum(_tell(session, key, *owed[key], settings, now=now) for key in owed.keys() - known)


def _tell(session: Session, key: str, notice: Notice, lead: Operator, settings: Settings, *, now: datetime) -> bool:
    to, url = To(uuid4(), lead.name, lead.time_zone, settings.site_url), f"{settings.site_url}/model"
    parcel = Parcel(
        kind=MailKind.MODEL,
        key=key,
        content=contents.Notice(to, "model", url, {"title": notice.title, "lines": notice.lines}),
        email=lead.email,
        root=f"model.{notice.id.hex}",
        list_name="operations",
    )
    return posting.post(session, parcel, settings, now=now)
