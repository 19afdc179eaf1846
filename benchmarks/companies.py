"""Companies that the model has never seen, each with its own metrics and its own reasons to complain.

A plan says what is measured, what goes wrong and what clients do then; `make` draws a company from it, in the rows
that the imports take. All plans have 200 accounts, about 300 complaints and tens of thousands of observations.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.simulate import Company

Floats = NDArray[np.float64]
ACCOUNTS, COMPLAINTS = 200, 300
# Complaints follow the trouble of the last two weeks or so: what is kept of yesterday's strain.
KEPT = 0.9


@dataclass(frozen=True)
class Measured:
    """A metric: its usual `level`, which trouble moves it, by how much (a factor of 1 + `response` at full trouble).

    `every`: days between two values of an account; `gaps`: the share of values that never arrive. `items`: one value
    for each thing delivered, with an item of its own.
    """

    key: str
    better: str
    combine: str
    level: float
    response: float = 0.0
    trouble: int = 0
    every: int = 3
    gaps: float = 0.02
    noise: float = 0.25
    target: float | None = None
    exposure: bool = False
    items: bool = False


@dataclass(frozen=True)
class Trouble:
    """Something that goes wrong: how often a year, for how long, for one account or for a share of all at once."""

    a_year: float
    days: tuple[int, int]
    pull: float
    share_hit: float = 0.0
    late_pull: float | None = None
    """Its pull in the last third of the time, where it is another: the world changes."""


@dataclass(frozen=True)
class Plan:
    """`habit`: how much accounts differ in temper. `echo`: what a complaint adds to the log-odds of the next ones.

    `size_pull`: how complaints grow with an account's size (1: in proportion). `growth`: log of how much more is
    complained at the end than at the beginning. `both`: trouble counts only where two kinds meet.
    """

    name: str
    measured: tuple[Measured, ...]
    troubles: tuple[Trouble, ...] = ()
    days: int = 300
    sizes: float = 0.8
    size_pull: float = 0.0
    habit: float = 0.4
    echo: float = 0.0
    growth: float = 0.0
    both: bool = False


def make(plan: Plan, *, until: date, seed: int) -> Company:
    """Draw a company whose last day is `until`. The same seed gives the same company."""
    rng = np.random.default_rng([seed, *plan.name.encode()])
    first = until - timedelta(days=plan.days - 1)
    size = rng.lognormal(0.0, plan.sizes, ACCOUNTS)
    felt = np.stack([_felt(trouble, plan.days, rng) for trouble in plan.troubles] or [np.zeros((ACCOUNTS, plan.days))])
    parts = [_values(metric, size, felt, first, rng) for metric in plan.measured]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Company(
        accounts=[{"account_id": f"A{number:03}", "name": f"Client {number}"} for number in range(ACCOUNTS)],
        metrics=[_described(metric) for metric in plan.measured],
        observations=columns,
        complaints=_complaints(plan, size, felt, first, rng),
    )


def _described(metric: Measured) -> dict[str, Any]:
    return {
        "metric": metric.key, "label": metric.key.replace("_", " ").capitalize(), "unit": "", "better": metric.better,
        "combine": metric.combine, "target": metric.target, "exposure": metric.exposure,
    }  # fmt: skip


def _felt(trouble: Trouble, days: int, rng: np.random.Generator) -> Floats:
    """How strongly each account feels a trouble each day: 0 where all is well, about 1 in its middle."""
    felt = np.zeros((ACCOUNTS, days))
    episodes = rng.poisson(trouble.a_year * days / 365 * (1 if trouble.share_hit else ACCOUNTS))
    for _ in range(episodes):
        start, length = int(rng.integers(-14, days)), int(rng.integers(*trouble.days))
        hit = rng.random(ACCOUNTS) < trouble.share_hit if trouble.share_hit else rng.integers(ACCOUNTS, size=1)
        felt[hit, max(start, 0) : max(start + length, 0)] += rng.lognormal(0, 0.4)
    return np.minimum(felt, 2.5)


def _values(metric: Measured, size: Floats, felt: Floats, first: date, rng: np.random.Generator) -> dict[str, Any]:
    usual = metric.level * rng.lognormal(0, 0.3, ACCOUNTS)[:, None] * (size[:, None] if metric.exposure else 1.0)
    moved = usual * np.maximum(1 + metric.response * felt[metric.trouble], 0.05)
    moved = moved * rng.lognormal(0, metric.noise, moved.shape)
    phase = rng.integers(0, metric.every, ACCOUNTS)[:, None]
    due = (np.arange(moved.shape[1])[None, :] + phase) % metric.every == 0
    account, day = np.nonzero(due & (rng.random(moved.shape) >= metric.gaps))
    value = rng.poisson(moved[account, day]).astype(float) if metric.combine == "sum" else moved[account, day]
    at = np.datetime64(first, "us") + day.astype("timedelta64[D]")
    item = np.full(len(day), "", dtype="<U12")
    if metric.items:
        many = rng.poisson(np.maximum(size[account], 0.3) * 0.8)
        account, value, at = (np.repeat(part, many) for part in (account, value, at))
        value = value * rng.lognormal(0, 0.4, len(value))
        item = np.array([f"{metric.key[:3]}{number}" for number in range(len(value))], dtype="<U12")
    minute = rng.integers(0, 24 * 60, len(value)).astype("timedelta64[m]")
    return {
        "account_id": np.array([f"A{number:03}" for number in range(ACCOUNTS)])[account],
        "metric": np.full(len(value), metric.key, dtype="<U32"),
        "observed_at": at + minute,
        "value": np.round(value, 4),
        "item_id": item,
    }


def _complaints(plan: Plan, size: Floats, felt: Floats, first: date, rng: np.random.Generator) -> list[dict[str, str]]:
    """Walk through the days: strain builds up from the trouble, and some lose patience."""
    steady = plan.habit * rng.normal(size=ACCOUNTS) + plan.size_pull * np.log(size)
    pain = _pain(plan, felt)
    strain = np.zeros_like(pain)
    for day in range(1, plan.days):
        strain[:, day] = KEPT * strain[:, day - 1] + (1 - KEPT) * pain[:, day - 1]
    grows = plan.growth * np.arange(plan.days) / plan.days
    log_odds = _levelled(steady[:, None] + strain + grows[None, :])
    echo = np.zeros(ACCOUNTS)
    rows = []
    for day in range(plan.days):
        complains = rng.random(ACCOUNTS) < 1 / (1 + np.exp(-log_odds[:, day] - echo))
        echo = np.minimum(0.9 * echo + plan.echo * complains, 2.5)
        for number in np.flatnonzero(complains).tolist():
            at = f"{first + timedelta(days=day)}T{rng.integers(8, 17):02}:{rng.integers(60):02}:00Z"
            rows.append({"complaint_id": f"C{len(rows)}", "account_id": f"A{number:03}", "occurred_at": at})
    return rows


def _pain(plan: Plan, felt: Floats) -> Floats:
    if not plan.troubles:
        return felt[0]
    if plan.both:
        return plan.troubles[0].pull * np.minimum(felt[0], felt[1])
    late = np.arange(plan.days) >= plan.days * 2 // 3
    pulls = [np.where(late, it.pull if it.late_pull is None else it.late_pull, it.pull) for it in plan.troubles]
    return np.asarray(sum(pull[None, :] * way for pull, way in zip(pulls, felt, strict=True)))


def _levelled(log_odds: Floats) -> Floats:
    """Shift the log-odds so that about COMPLAINTS are to be expected, were there no echo."""
    low, high = -30.0, 5.0
    for _ in range(60):
        middle = (low + high) / 2
        expected = (1 / (1 + np.exp(-log_odds - middle))).sum()
        low, high = (middle, high) if expected < COMPLAINTS else (low, middle)
    return log_odds + low


LATE = Measured("late_share", "lower", "mean", 0.05, response=3.0, target=0.1)
VOLUME = Measured("deliveries", "neutral", "sum", 12.0, exposure=True)
OFTEN = Trouble(a_year=1.5, days=(14, 35), pull=4.0)

PLANS = (
    Plan("parcels", (VOLUME, LATE, Measured("damaged", "lower", "sum", 0.4, response=3.0, trouble=1)),
         (OFTEN, Trouble(1.0, (14, 30), 3.5)), size_pull=0.6),
    Plan("software support", (
        Measured("open_tickets", "lower", "last", 4.0, response=2.0, exposure=True),
        Measured("hours_to_answer", "lower", "mean", 5.0, response=2.0, trouble=0, target=8.0),
        Measured("uptime", "higher", "mean", 99.0, response=-0.05, trouble=1, noise=0.004, target=98.0)),
        (OFTEN, Trouble(6.0, (5, 12), 3.0, share_hit=0.2)), size_pull=0.4, habit=0.7),
    Plan("energy, bills only", (
        Measured("bill", "lower", "mean", 120.0, response=0.8, every=15),
        Measured("estimated_reads", "lower", "mean", 0.1, response=2.0, every=7, gaps=0.2),
        Measured("calls", "lower", "sum", 0.3, response=4.0, every=1)),
        (Trouble(1.2, (25, 60), 3.5),), days=400),
    Plan("short history", (VOLUME, LATE), (OFTEN,), days=175, size_pull=0.5),
    Plan("sparse reports", (
        Measured("rating", "higher", "mean", 4.2, response=-0.3, every=21, gaps=0.4, noise=0.08),
        Measured("backlog", "lower", "last", 6.0, response=1.5, every=10, gaps=0.5),
        Measured("jobs", "neutral", "sum", 3.0, every=2, exposure=True)),
        (OFTEN,), days=420, size_pull=0.5),
    Plan("the world changes", (
        VOLUME, LATE, Measured("wrong_bills", "lower", "mean", 0.02, response=4.0, trouble=1)),
        (Trouble(1.5, (14, 35), 4.5, late_pull=0.5), Trouble(1.5, (14, 35), 0.5, late_pull=4.5))),
    Plan("ever more complaints", (VOLUME, LATE), (OFTEN,), growth=2.0, size_pull=0.5),
    Plan("pure noise", (VOLUME, LATE, Measured("rating", "higher", "mean", 4.0, noise=0.1)), habit=0.0),
    Plan("only size", (VOLUME, LATE), sizes=1.2, size_pull=1.0, habit=0.0),
    Plan("only habit and echo", (VOLUME, LATE), habit=1.0, echo=1.5),
    Plan("two at once", (VOLUME, LATE, Measured("silence_days", "lower", "last", 2.0, response=2.5, trouble=1)),
         (Trouble(3.0, (20, 50), 5.0), Trouble(3.0, (20, 50), 0.0)), both=True),
    Plan("orders one by one", (
        Measured("days_to_door", "lower", "mean", 4.0, response=1.5, every=2, items=True, target=7.0),
        Measured("stars", "higher", "mean", 4.3, response=-0.25, every=4, items=True, noise=0.08),
        Measured("orders", "neutral", "sum", 5.0, every=2, exposure=True)),
        (OFTEN,), size_pull=0.8),
)  # fmt: skip
