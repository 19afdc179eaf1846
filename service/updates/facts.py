"""From rows to what a mail says about an account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from models import STARTER, Alert, Mail, Rep, Resolution, Update, UpdateKind
from service.kit.database import Session
from service.kit.settings import Settings
from service.updates import rules
from service.updates.contents import Client, Ended, FollowUp, HeadsUp, News, PlainHeadsUp, Said, To
from service.updates.queries import owed, told
from service.updates.rules import LastTold

HISTORY = timedelta(days=56)


@dataclass(frozen=True)
class Story:
    """What there is to tell about one alert: its untold updates, oldest first, and the mails that the rep has had."""

    alert: Alert
    updates: Sequence[Update]
    thread: Sequence[Mail]
    last: LastTold | None

    @property
    def newest(self) -> Update:
        return self.updates[-1]


def to(mail_id: UUID, rep: Rep, settings: Settings) -> To:
    return To(mail_id, rep.name, rep.time_zone, settings.site_url, rep.id)


def client(session: Session, alert: Alert, settings: Settings, *, now: datetime, drawn: bool = True) -> Client:
    """The account of an alert, with the days of its risk if they are to be `drawn`."""
    trained = (alert.risk_model or alert.model) != STARTER
    since = (now - HISTORY).date()
    days = told.risk_days(session, alert.account_id, trained=trained, since=since) if drawn else []
    return Client(
        account_id=alert.account.external_id,
        name=alert.account.name,
        risk=alert.risk,
        line=alert.line,
        trained=trained,
        horizon_days=settings.horizon_days,
        opened_at=alert.opened_at,
        rising=_sentences(alert, "up"),
        lowering=_sentences(alert, "down"),
        days=tuple(days),
    )


def _sentences(alert: Alert, direction: str) -> tuple[str, ...]:
    return tuple(each["sentence"] for each in alert.reasons if each["direction"] == direction and each["sentence"])


def said(update: Update) -> Said:
    """The words of operations."""
    assert update.next_update_at is not None
    return Said(update.written_at, update.cause, update.owner, update.fix, update.say, update.next_update_at)


def news(story: Story, reader: To, about: Client) -> News:
    """Choose what kind of news it is."""
    words = tuple(said(each) for each in story.updates if each.kind is UpdateKind.WRITTEN)
    subject = thread_subject(story)
    if story.newest.kind is UpdateKind.RESOLVED:
        return _ended(story, reader, about, subject, words)
    if not words:
        return PlainHeadsUp(reader, about, seen=story.alert.acknowledged_at is not None)
    *earlier, newest = words
    if not story.thread:
        return HeadsUp(reader, about, newest, tuple(earlier))
    return FollowUp(
        to=reader,
        client=about,
        said=newest,
        subject=subject,
        earlier=tuple(earlier),
        why=next(filter(None, (rules.rush(each, story.last) for each in reversed(story.updates))), ""),
        since_risk=story.last.risk if story.last else None,
    )


def _ended(story: Story, reader: To, about: Client, subject: str, unsaid: tuple[Said, ...]) -> Ended:
    how, ended_at = story.alert.resolution or Resolution.FIXED, story.alert.resolved_at
    assert ended_at is not None
    # Why an alert was wrong is written for colleagues and for training, not for the rep.
    note = story.alert.resolution_note if how is Resolution.FIXED else ""
    return Ended(reader, about, how, ended_at, note, subject, first=not story.thread, unsaid=unsaid)


def thread_subject(story: Story) -> str:
    """The subject of the thread's first mail, if that was about this alert alone."""
    first = story.thread[0] if story.thread else None
    return first.subject if first and first.alert_id == story.alert.id else ""


def stories(session: Session, rep: Rep, updates: Sequence[Update], last: dict[int, LastTold]) -> list[Story]:
    """Gather updates by alert, the riskiest first."""
    by_alert: dict[UUID, list[Update]] = {}
    # The end comes last, even if it was written in the same second.
    for update in sorted(updates, key=lambda update: update.kind is UpdateKind.RESOLVED):
        by_alert.setdefault(update.alert_id, []).append(update)
    found = [
        Story(each[0].alert, each, owed.thread(session, alert_id, rep.id), last.get(each[0].alert.account_id))
        for alert_id, each in by_alert.items()
    ]
    return sorted(found, key=lambda story: -story.alert.risk)
