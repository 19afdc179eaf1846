"""Tell the leads what is to be known about the model: each notice once to each."""

from datetime import datetime
from uuid import uuid4

from models import Mail, MailKind, Notice, Operator
from service.access import queries as operators
from service.kit.database import Database
from service.kit.settings import Settings
from service.scoring import queries as scoring
from service.updates.envelope import Body, Envelope, domain, pack
from service.updates.queries import outbox
from service.updates.queries.once import insert_once
from service.updates.render import render


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
        rows = [_mail(key, *about, settings, now=now) for key, about in owed.items() if key not in known]
        return sum(insert_once(session, Mail, row) is not None for row in rows)


def _mail(key: str, notice: Notice, lead: Operator, settings: Settings, *, now: datetime) -> dict[str, object]:
    ours, url = domain(settings), f"{settings.site_url}/model"
    text, html = render("operations", title=notice.title, lines=notice.lines, url=url, button="Look at the model")
    envelope = Envelope(
        id=uuid4(),
        domain=ours,
        recipient=lead.email,
        name=lead.name,
        subject=notice.title,
        root=f"<model.{notice.id.hex}@{ours}>",
        list_name="operations",
    )
    return {
        "id": envelope.id,
        "kind": MailKind.MODEL,
        "dedupe_key": key,
        "recipient": envelope.recipient,
        "subject": envelope.subject,
        "message_id": envelope.message_id,
        "content": pack(envelope, Body(text, html), settings, now=now),
        "created_at": now,
        "next_at": now,
    }
