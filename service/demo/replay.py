"""The replay: history first, then training, then the last weeks hour by hour."""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Protocol

import numpy as np

from service.demo.company import Company, Feed
from service.demo.people import SATURDAY, Operators
from service.demo.reps import Reps
from service.demo.stage import Stage
from service.kit.database import Database
from service.kit.settings import Settings

# The figures of a day arrive in the next morning; from then on the worker and the people act some times a day.
FIGURES_ARRIVE = time(6, 30, tzinfo=UTC)
ROUNDS = {"working day": (0, 1, 2, 3, 5, 7, 9, 11), "weekend": (0, 4, 8)}
"""Hours after that at which the demo looks."""

Train = Callable[[Database, Settings, datetime], dict[str, Any]]
"""Train on all that is stored, promote, and describe the model."""


class Teller(Protocol):
    """Tells people how far the demo is."""

    def begin(self, what: str, total: float) -> None: ...
    def advance(self, steps: float = 1) -> None: ...


@dataclass(frozen=True)
class Story:
    """What is played: whose data, from when on live, until when."""

    company: Company
    live_from: datetime
    until: datetime
    seed: int


def play(stage: Stage, story: Story, train: Train, teller: Teller) -> dict[str, Any]:
    """Live through the story and tell how it went."""
    feed = Feed(stage.client, story.company)
    observations, complaints = _send_history(feed, story, teller)
    teller.begin("Training on the past", 1)
    model = train(stage.db, stage.settings, stage.clock.now())
    teller.advance()
    people = (
        Operators(stage.client, np.random.default_rng([story.seed, 1])),
        Reps(stage.visitor, stage.mailbox, np.random.default_rng([story.seed, 2])),
    )
    days = _days(story)
    teller.begin("Living through the last weeks", len(days))
    seen = reported = story.live_from
    for rounds in days:
        stage.clock.at = rounds[0]
        observations += sum(feed.send_observations(seen, rounds[0]))
        seen = rounds[0]
        for now in rounds:
            stage.clock.at = now
            complaints += feed.send_complaints(reported, now)
            reported = now
            _round(stage, now, people)
        teller.advance()
    return {"observations": observations, "complaints": complaints, "model": model} | _outcome(stage, story)


def _outcome(stage: Stage, story: Story) -> dict[str, Any]:
    """What the live weeks brought: the outlook's own figures, and what the mail server counted."""
    asked = {"since": story.live_from.isoformat(), "until": story.until.isoformat()}
    outlook = stage.client.get("/v1/outlook", params=asked).raise_for_status().json()["summary"]
    shown = ("told_first", "told_late", "not_told", "missed", "told_first_rate", "head_start_hours_median")
    return {
        "live_complaints": outlook["complaints"],
        "alerts": outlook["alerts"],
        "updates_sent": stage.mailbox.told,
        "mails_delivered": stage.mailbox.delivered,
        **{name: outlook[name] for name in shown},
    }


def _send_history(feed: Feed, story: Story, teller: Teller) -> tuple[int, int]:
    feed.send_master_data()
    teller.begin("Sending a year of history", len(story.company.observations["value"]))
    observations = 0
    # Rows by the hundred thousand and no cycles among them: looking for some takes half of the time.
    gc.disable()
    for sent in feed.send_observations(None, story.live_from):
        observations += sent
        teller.advance(sent)
    gc.enable()
    return observations, feed.send_complaints(None, story.live_from)


def _days(story: Story) -> list[list[datetime]]:
    """The rounds of each day that has one."""
    day, days = story.live_from.date(), []
    while day <= story.until.date():
        first = datetime.combine(day, FIGURES_ARRIVE)
        hours = ROUNDS["weekend" if day.weekday() >= SATURDAY else "working day"]
        rounds = [now for now in (first + timedelta(hours=hour) for hour in hours) if now <= story.until]
        days += [rounds] if rounds else []
        day += timedelta(days=1)
    return days


def _round(stage: Stage, now: datetime, people: tuple[Operators, Reps]) -> None:
    """An hour: the worker looks, people act on what it raised, the worker tells the reps."""
    stage.tick()
    acted = [each.work(now) for each in people]
    if any(acted):
        stage.clock.at = now + timedelta(minutes=1)
        stage.tick()
