"""Make a mail of what there is to say: subject, preview line, text, HTML and pictures."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import structlog

from models import Resolution
from service.kit.settings import Settings
from service.updates import books, charts, ways_back, wording
from service.updates.charts import Picture
from service.updates.contents import (
    Answer,
    CommitmentAtRisk,
    Content,
    Digest,
    Ended,
    FollowUp,
    Group,
    HeadsUp,
    ManagerWeek,
    News,
    Notice,
    PlainHeadsUp,
    Receipt,
    Standing,
)
from service.updates.envelope import domain
from service.updates.room import LARGEST, ROOMS, Room, shorten, weight
from service.updates.words import LONGEST_SUBJECT, clean

log = structlog.get_logger()

KINDS: dict[type, str] = {
    HeadsUp: "heads_up",
    PlainHeadsUp: "plain",
    FollowUp: "follow_up",
    Ended: "ended",
    Group: "group",
    Digest: "digest",
    ManagerWeek: "manager",
    CommitmentAtRisk: "commitment",
    Receipt: "receipt",
    Answer: "answer",
    Notice: "notice",
}
ROWS = ROOMS[0].rows
OF_MANY = (Group, Digest, ManagerWeek)
ACKNOWLEDGED = (HeadsUp, PlainHeadsUp, FollowUp, Group)
LONGEST_PREVIEW = 200

# What templates can use beside the content, and what it is; docs/templates.md is made of this.
NAMES = {
    "mail": "what the mail says, as listed below",
    "to": "who reads it",
    "greeting": "the reader's first name",
    "account_id": "the one account that the mail is about; empty where there are several or none",
    "links": "`acknowledge`, `pause` and `unsubscribe`: addresses, empty where the mail has none",
    "button": "none, or its `url`",
    "room": "how many accounts, names, rows, reps, lines a mail has room for",
    "shortened": "whether texts were cut, to keep the mail small",
    "pictures": "by account: `cid`, `width`, `height` and `chart`, whose `days` and `line` are drawn",
}
NAMES_OF_GROUP = {
    "names": "of all accounts",
    "fresh": "how many of them the rep hears of for the first time",
    "sections": "`kind`, `name` and `mail` of those that are told in full",
    "briefly": "`name` and `why` of those that get a line",
    "only_names": "of others",
    "more": "how many more there are",
}
NAMES_OF_DIGEST = {
    "call": "those of `mail.call` that get a row",
    "changed": "those of `mail.changed` that get a row",
    "promises": "those of `mail.promises` that get a line",
    "horizon_days": "within how many days a complaint is predicted",
}


@dataclass(frozen=True)
class Letter:
    """A mail in words and pictures. `trouble` says why a company's own templates could not be used for it."""

    subject: str
    preheader: str
    text: str
    html: str
    pictures: tuple[Picture, ...] = ()
    trouble: str = ""


def render(content: Content, settings: Settings) -> Letter:
    """Put a content into words and pictures, a company's own where it has them.

    If these cannot be rendered, the mail is made of ours and says so in `trouble`: it is worth more than its wording.
    """
    if settings.templates is None:
        return _render(content, settings, wording.Templates())
    try:
        letter = _render(content, settings, wording.Templates(settings.templates))
        return replace(letter, trouble=books.trouble(settings.templates))
    # A template can fail in as many ways as a program.
    except Exception as error:  # noqa: BLE001
        kind = KINDS[type(content)]
        log.warning("template_failed", kind=kind, error=type(error).__name__)
        ours = _render(content, settings, wording.Templates())
        return replace(ours, trouble=f"{kind}: {wording.where(error)}")


def _render(content: Content, settings: Settings, templates: wording.Templates) -> Letter:
    """Tell as much as there is room for: fewer accounts in full, no large picture, shorter texts if need be."""
    every = dict(_pictures(content, settings, templates))
    for room in ROOMS:
        told = shorten(content, room.prose)
        drawn = every if room.drawn or isinstance(content, OF_MANY) else {}
        context = _context(told, settings, room) | {"pictures": drawn, "shortened": told != content}
        words = templates.render(KINDS[type(content)], context)
        pictures = tuple(picture for picture in drawn.values() if f"cid:{picture.cid}" in words.html)
        if weight((words.text, words.html), (picture.png for picture in pictures)) <= LARGEST:
            break
    return Letter(clean(words.subject, LONGEST_SUBJECT), words.preview, words.text, words.html, pictures)


def _context(content: Content, settings: Settings, room: Room = ROOMS[0]) -> dict[str, Any]:
    """What all templates can use, and what that of this kind can."""
    to = content.to
    account = content.client.account_id if isinstance(content, News) else getattr(content, "account_id", "")
    links = {
        "acknowledge": ways_back.acknowledge_url(settings, to.id) if _asks(content) else "",
        "pause": ways_back.pause_url(settings, to.rep_id) if to.rep_id else "",
        "unsubscribe": ways_back.unsubscribe_url(settings, to.rep_id)
        if to.rep_id and isinstance(content, Digest)
        else "",
    }
    return {
        "mail": content,
        "to": to,
        "greeting": clean(to.name.partition(" ")[0], 60) or "you",
        "account_id": account,
        "links": links,
        "button": _button(content, links),
        "room": room,
        **_for_group(content, room),
        **_for_digest(content, settings, room),
    }


def _asks(content: Content) -> bool:
    """Whether the rep is asked to say that the mail was seen: not where nothing is to be done any more."""
    if isinstance(content, Ended):
        return content.how is Resolution.FIXED
    return isinstance(content, ACKNOWLEDGED)


def _button(content: Content, links: dict[str, str]) -> dict[str, str] | None:
    """Where the one button leads: to what a notice is about, or to the page that says that the reader has the mail."""
    url = content.url if isinstance(content, Notice) else links["acknowledge"]
    return {"url": url} if url else None


def _for_group(content: Content, room: Room) -> dict[str, Any]:
    if not isinstance(content, Group):
        return {}
    brief = [
        {"name": news.client.name, "why": news.client.rising[0] if news.client.rising else ""}
        for news in content.news[room.in_full : room.in_a_line]
    ]
    return {
        "names": [news.client.name for news in content.news],
        "fresh": sum(isinstance(news, HeadsUp | PlainHeadsUp) for news in content.news),
        "sections": [
            {"kind": KINDS[type(news)], "name": news.client.name, "mail": news} for news in content.news[: room.in_full]
        ],
        "briefly": brief,
        "only_names": [news.client.name for news in content.news[room.in_a_line :][: room.names]],
        "more": max(0, len(content.news) - room.in_a_line - room.names),
    }


def _for_digest(content: Content, settings: Settings, room: Room) -> dict[str, Any]:
    if not isinstance(content, Digest):
        return {}
    return {
        "call": content.call[: room.rows],
        "changed": content.changed[: room.rows],
        "promises": content.promises[: room.promises],
        "horizon_days": settings.horizon_days,
    }


def _pictures(content: Content, settings: Settings, templates: wording.Templates) -> Iterator[tuple[str, Picture]]:
    """The pictures by account."""
    ours = domain(settings)
    for number, (account_id, template, chart, context) in enumerate(_drawings(content)):
        png = charts.draw(templates.html, template, chart, **context)
        yield account_id, Picture(f"risk{number}.{content.to.id.hex}@{ours}", png, chart)


Drawing = tuple[str, str, charts.Chart, dict[str, Any]]


def _drawings(content: Content) -> Iterator[Drawing]:
    if isinstance(content, Digest):
        tones: dict[str, Iterable[Standing]] = {"call": content.call[:ROWS], "changed": content.changed[:ROWS]}
        for tone, standings in tones.items():
            for each in standings:
                if chart := charts.spark(each.days):
                    yield each.account_id, "spark.svg.j2", chart, {"tone": tone}
        return
    if isinstance(content, Group):
        for client in (news.client for news in content.news[: ROOMS[0].in_full] if not isinstance(news, Ended)):
            if chart := charts.strip(client.days):
                yield client.account_id, "spark.svg.j2", chart, {"tone": "call"}
    if isinstance(content, HeadsUp | PlainHeadsUp | FollowUp):
        client = content.client
        if chart := charts.large(client.days, client.line):
            yield client.account_id, charts.LARGE, chart, {"client": client}
