"""The simulated operators, who work the queue through the API.

Most alerts are answered at once; some late, so that the lead is told and the rep gets the plain heads-up; some never.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2
import numpy as np

from service.demo.words import ENDINGS, FOLLOW_UPS, OTHER, WORDS

OWNERS = ("Ola Brandt, dispatch", "Omar Saleh, depot lead", "Lena Fischer, operations lead")
WORK_BEGINS, WORK_ENDS = 7, 17
SATURDAY = 5
# Of a hundred alerts; the rest is answered at once.
LATE, NEVER, WRONG, SNOOZED = 0.14, 0.06, 0.05, 0.03


@dataclass
class Plan:
    """What the operators will do about one alert."""

    answer_at: datetime | None
    verdict: str
    settle_at: datetime
    next_update_at: datetime | None = None
    keeps_word: bool = True
    cause: str = ""


@dataclass
class Operators:
    """They look at the queue during working hours."""

    client: httpx2.Client
    rng: np.random.Generator
    plans: dict[str, Plan] = field(default_factory=dict)
    _acted: bool = False

    def work(self, now: datetime) -> bool:
        """Look at the queue and answer; tell whether anything was done."""
        if now.weekday() >= SATURDAY or not WORK_BEGINS <= now.hour < WORK_ENDS:
            return False
        self._acted = False
        for alert in self._queue():
            plan = self.plans.setdefault(alert["id"], self._plan(now))
            if alert["status"] == "open":
                self._answer(alert, plan, now)
            elif alert["status"] == "acknowledged":
                self._follow_up(alert, plan, now)
        return self._acted

    def _queue(self) -> list[dict[str, Any]]:
        answer = self.client.get("/v1/alerts", params={"status": "live", "limit": 200}).raise_for_status()
        alerts: list[dict[str, Any]] = answer.json()["items"]
        return alerts

    def _plan(self, now: datetime) -> Plan:
        dice = self.rng.random()
        settle_at = now + timedelta(days=float(self.rng.uniform(2, 6)))
        keeps_word = bool(self.rng.random() < 0.8)
        if dice < NEVER:
            return Plan(None, "answer", settle_at)
        if dice < NEVER + LATE:
            return Plan(now + timedelta(hours=float(self.rng.uniform(3, 7))), "answer", settle_at, None, keeps_word)
        verdict = "wrong" if dice > 1 - WRONG else "snooze" if dice > 1 - WRONG - SNOOZED else "answer"
        return Plan(now, verdict, settle_at, None, keeps_word)

    def _answer(self, alert: dict[str, Any], plan: Plan, now: datetime) -> None:
        if plan.answer_at is None or now < plan.answer_at:
            return
        if plan.verdict == "wrong":
            why = "The figures come from a stock-taking, not from the client's orders."
            self._post(alert, "wrong", {"why": why, "reason": "data_error"})
        elif plan.verdict == "snooze":
            self._post(alert, "snooze", {"until": (now + timedelta(hours=20)).isoformat()})
            plan.verdict = "answer"
        else:
            self._write(alert, plan, self._words(alert), now)

    def _follow_up(self, alert: dict[str, Any], plan: Plan, now: datetime) -> None:
        if now >= plan.settle_at and alert["risk"] < alert["line"]:
            self._post(alert, "resolve", {"note": str(self.rng.choice(ENDINGS))})
        elif plan.next_update_at and now >= plan.next_update_at - timedelta(hours=1) and plan.keeps_word:
            fix, say = FOLLOW_UPS[int(self.rng.integers(len(FOLLOW_UPS)))]
            self._write(alert, plan, (plan.cause, fix, say), now)

    def _words(self, alert: dict[str, Any]) -> tuple[str, str, str]:
        worst = next((reason["metric"] for reason in alert["reasons"] if reason["direction"] == "up"), "")
        known = WORDS.get(worst, (OTHER,))
        return known[int(self.rng.integers(len(known)))]

    def _write(self, alert: dict[str, Any], plan: Plan, words: tuple[str, str, str], now: datetime) -> None:
        plan.cause, fix, say = words
        plan.next_update_at = _next_afternoon(now)
        owner = OWNERS[int(self.rng.integers(len(OWNERS)))]
        told = {
            "cause": plan.cause,
            "owner": owner,
            "fix": fix,
            "say": say,
            "next_update_at": plan.next_update_at.isoformat(),
        }
        self._post(alert, "updates", told)

    def _post(self, alert: dict[str, Any], verb: str, body: dict[str, Any]) -> None:
        self.client.post(f"/v1/alerts/{alert['id']}/{verb}", json=body).raise_for_status()
        self._acted = True


def _next_afternoon(now: datetime) -> datetime:
    day = now + timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return day.replace(hour=14, minute=0, second=0, microsecond=0)
