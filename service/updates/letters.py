"""The mails as pure functions of rows: who gets which words about what."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from models import Account, Alert, MailKind, Rep, Update
from service.kit import links
from service.kit.settings import Settings
from service.updates import picture, words
from service.updates.envelope import Body, Envelope, domain, pack
from service.updates.render import render

ACKNOWLEDGE = "acknowledge"
# Fewer reasons are read than can be listed.
REASONS, AGAINST = 4, 2


@dataclass(frozen=True)
class Reader:
    """A person of operations who gets the mail `id`; `key` says what it is about."""

    id: UUID
    key: str
    email: str
    name: str
    time_zone: str


@dataclass(frozen=True)
class Facts:
    """All that the heads-up `id` is made of. `thread` are Message-IDs of the mails that the rep got about the alert."""

    id: UUID
    update: Update
    alert: Alert
    account: Account
    rep: Rep
    history: list[tuple[date, float]]
    thread: list[str]


@dataclass(frozen=True)
class Letter:
    """A composed mail: a row of the outbox."""

    id: UUID
    kind: MailKind
    dedupe_key: str
    alert_id: UUID
    recipient: str
    subject: str
    message_id: str
    content: bytes
    update_id: UUID | None = None
    rep_id: int | None = None

    def row(self) -> dict[str, Any]:
        """The values of its row."""
        return dict(vars(self))


def heads_up(facts: Facts, settings: Settings, *, now: datetime) -> Letter:
    """Warn a rep that a client is likely to call, and say why, what is done, and what to tell the client."""
    update, alert, rep = facts.update, facts.alert, facts.rep
    ours = domain(settings)
    envelope = Envelope(
        id=facts.id,
        domain=ours,
        recipient=rep.email,
        name=rep.name,
        subject=words.subject(facts.account, alert, again=bool(facts.thread)),
        root=f"<alert.{alert.id.hex}@{ours}>",
        earlier=tuple(facts.thread),
    )
    content = pack(envelope, _heads_up_body(facts, envelope, settings), settings, now=now)
    return _letter(
        MailKind.HEADS_UP, f"update:{update.id}", alert, envelope, content, update_id=update.id, rep_id=rep.id
    )


def _heads_up_body(facts: Facts, envelope: Envelope, settings: Settings) -> Body:
    alert, rep = facts.alert, facts.rep
    news = words.news(facts.update, facts.account, time_zone=rep.time_zone, again=bool(facts.thread))
    risk = picture.Risk(facts.history, alert.line)
    drawn = news.shows_risk and picture.can_be_drawn(facts.history)
    text, html = render(
        "heads_up",
        greeting=words.clean(rep.name.partition(" ")[0] or "you"),
        news=news,
        account=facts.account,
        reasons=words.rising(alert)[:REASONS] if news.shows_risk else [],
        against=words.lowering(alert)[:AGAINST] if news.shows_risk else [],
        risk=words.risk(alert, settings.horizon_days) if news.shows_risk else "",
        picture={"id": envelope.picture_id, "alt": picture.in_words(risk)} if drawn else None,
        acknowledge_url=f"{settings.site_url}/a/{links.sign(settings, ACKNOWLEDGE, str(envelope.id))}",
    )
    return Body(text, html, picture.draw(risk) if drawn else None)


def escalation(alert: Alert, reader: Reader, settings: Settings, *, now: datetime) -> Letter:
    """Tell a lead that nobody has answered an alert."""
    name = words.clean(alert.account.name, 80)
    lines = [
        f"The alert about {name} opened on {words.moment(alert.opened_at, reader.time_zone)}, and nobody has taken it.",
        *words.rising(alert)[:REASONS],
        f"The rep gets a plain heads-up {settings.plain_after_minutes} minutes after it opened, if nobody writes one.",
    ]
    subject = f"Nobody has answered the alert about {name}"
    return _to_operations(MailKind.ESCALATION, subject, lines, alert, reader, settings=settings, now=now)


def late_update(update: Update, reader: Reader, settings: Settings, *, now: datetime) -> Letter:
    """Tell operations that a rep was promised news which have not come."""
    assert update.next_update_at is not None
    name = words.clean(update.alert.account.name, 80)
    promised = words.moment(update.next_update_at, reader.time_zone)
    lines = [
        f"The rep of {name} was promised news by {promised}. None has been written.",
        f"The last update was: {update.cause}",
        "Write the next one, even if it only says when more will be known.",
    ]
    subject = f"The update about {name} is late"
    return _to_operations(MailKind.LATE_UPDATE, subject, lines, update.alert, reader, settings=settings, now=now)


def _to_operations(
    kind: MailKind, subject: str, lines: list[str], alert: Alert, reader: Reader, *, settings: Settings, now: datetime
) -> Letter:
    text, html = render("operations", title=subject, lines=lines, url=f"{settings.site_url}/alerts/{alert.id}")
    ours = domain(settings)
    envelope = Envelope(
        id=reader.id,
        domain=ours,
        recipient=reader.email,
        name=reader.name,
        subject=words.clean(subject, words.LONGEST_SUBJECT),
        root=f"<operations.{alert.id.hex}@{ours}>",
        list_name="operations",
    )
    content = pack(envelope, Body(text, html), settings, now=now)
    return _letter(kind, reader.key, alert, envelope, content)


def _letter(
    kind: MailKind,
    key: str,
    alert: Alert,
    envelope: Envelope,
    content: bytes,
    *,
    update_id: UUID | None = None,
    rep_id: int | None = None,
) -> Letter:
    return Letter(
        id=envelope.id,
        kind=kind,
        dedupe_key=key,
        alert_id=alert.id,
        recipient=envelope.recipient,
        subject=envelope.subject,
        message_id=envelope.message_id,
        content=content,
        update_id=update_id,
        rep_id=rep_id,
    )
