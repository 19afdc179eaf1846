"""A simulated company: clients, a year of deliveries, and complaints that mostly have causes.

Nothing here is real. It exists to show Headsup at work, to test it, and to measure it; docs/simulator.md says how it
was made and what it can and cannot tell. The same seed gives the same company.

    company = simulate(accounts=300, days=365, until=date(2026, 3, 1), seed=1)

- `accounts`, `metrics`, `complaints`: lists of rows, as in the import files
- `observations`: columns `account_id`, `metric`, `observed_at` (datetime64[us], UTC), `value`, `item_id`
- `causes`: the truth that no user has: `cause`, `account_id`, `starts_on`, `days`, `strength`
- `cared`: with `care=Care(...)`, what its operations did, and each account's true risk if nobody acts
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.simulated_cast import Cast, Floats, make_cast
from training.simulated_causes import BILLING, DAMAGED, FAILED, LATE, TICKETS, Trouble, make_trouble
from training.simulated_clients import Care, Cared, live

METRICS: tuple[dict[str, Any], ...] = (
    {"metric": "deliveries", "label": "Deliveries", "unit": "deliveries", "better": "neutral", "target": None,
     "combine": "sum", "exposure": True},
    {"metric": "late_share", "label": "Share delivered late", "unit": "share", "better": "lower", "target": 0.06,
     "combine": "mean", "exposure": False},
    {"metric": "failed_first_attempt", "label": "Share not delivered at the first attempt", "unit": "share",
     "better": "lower", "target": 0.04, "combine": "mean", "exposure": False},
    {"metric": "damaged_parcels", "label": "Damaged parcels", "unit": "parcels", "better": "lower", "target": 1.0,
     "combine": "sum", "exposure": False},
    {"metric": "tickets_unanswered", "label": "Tickets without an answer", "unit": "tickets", "better": "lower",
     "target": 2.0, "combine": "last", "exposure": False},
    {"metric": "past_due", "label": "Disputed invoices past due", "unit": "EUR", "better": "lower", "target": None,
     "combine": "last", "exposure": False},
    {"metric": "satisfaction", "label": "Driver rating", "unit": "of 5", "better": "higher", "target": 4.2,
     "combine": "mean", "exposure": False},
    {"metric": "stop_minutes", "label": "Minutes at the stop", "unit": "min", "better": "neutral", "target": None,
     "combine": "mean", "exposure": False},
)  # fmt: skip


@dataclass(frozen=True)
class Company:
    """What a simulation made: rows as in the import files, and the truth where it is told."""

    accounts: list[dict[str, Any]]
    metrics: list[dict[str, Any]]
    observations: dict[str, NDArray[Any]]
    complaints: list[dict[str, Any]]
    causes: list[dict[str, Any]] = field(default_factory=list)
    cared: Cared = field(default_factory=Cared)


def simulate(*, accounts: int = 300, days: int = 365, until: date, seed: int = 1, care: Care | None = None) -> Company:
    """Make a company whose last simulated day is `until`; with `care` its operations acts, and that helps."""
    rng = np.random.default_rng(seed)
    first = until - timedelta(days=days - 1)
    cast = make_cast(accounts, days, first, rng)
    trouble = make_trouble(cast, days, rng)
    observations = _observations(cast, trouble, rng, first=first, days=days)
    complaints, cared = live(cast, trouble, rng, first=first, care=care)
    causes = [
        {
            "cause": episode["cause"],
            "account_id": str(cast.ids[int(episode["account"])]),
            "starts_on": first + timedelta(days=int(episode["day"])),
            "days": episode["days"],
            "strength": episode["strength"],
        }
        for episode in trouble.episodes
    ]
    return Company(
        accounts=cast.rows,
        metrics=[dict(row) for row in METRICS],
        observations=observations,
        complaints=complaints,
        causes=causes,
        cared=cared,
    )


def _observations(
    cast: Cast, trouble: Trouble, rng: np.random.Generator, *, first: date, days: int
) -> dict[str, NDArray[Any]]:
    working, deliveries = _deliveries(cast, first, days, rng)
    values = _values(cast, trouble, deliveries, rng)
    # Each account's figures are closed at its own minute after 18:00 UTC.
    closes = (
        np.datetime64(first, "us")
        + np.timedelta64(18, "h")
        + rng.integers(0, 90, len(cast.rows)) * np.timedelta64(1, "m")
    )
    parts: list[tuple[NDArray[Any], ...]] = []
    for metric, table in values.items():
        known = working & ~np.isnan(table) & _reported(metric, table.shape, rng)
        account, day = np.nonzero(known)
        at = closes[account] + day.astype("timedelta64[D]")
        item = np.array([f"R{number}" for number in range(len(account))] if metric == "satisfaction" else [""])
        parts.append(
            (cast.ids[account], np.full(len(account), metric), at, table[known], np.broadcast_to(item, len(account)))
        )
    names = ("account_id", "metric", "observed_at", "value", "item_id")
    columns = {name: np.concatenate(part) for name, part in zip(names, zip(*parts, strict=True), strict=True)}
    order = np.argsort(columns["observed_at"], kind="stable")
    return {name: column[order] for name, column in columns.items()}


def _deliveries(
    cast: Cast, first: date, days: int, rng: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Who is delivered to on which day, and how often: arrays of shape (n_accounts, n_days)."""
    weekday = (first.weekday() + np.arange(days)) % 7
    works = (weekday[None, :] < 5) | ((weekday[None, :] == 5) & cast.saturdays[:, None])
    works = works & (np.arange(days)[None, :] >= cast.started[:, None])
    of_day = np.array([1.3, 1.0, 0.95, 1.0, 1.15, 0.6, 0.0])[weekday]
    of_year = 1 + 0.15 * np.sin(2 * np.pi * (np.arange(days) + first.timetuple().tm_yday) / 365)
    expected = cast.deliveries_a_day[:, None] * of_day * of_year * rng.lognormal(0, 0.15, works.shape)
    deliveries = rng.poisson(expected) * works
    return works & (deliveries > 0), deliveries


def _values(cast: Cast, trouble: Trouble, deliveries: NDArray[np.int64], rng: np.random.Generator) -> dict[str, Floats]:
    """The true value of each metric: shape (n_accounts, n_days). Usual levels differ from account to account."""
    count, felt, trips = len(cast.rows), trouble.felt, np.maximum(deliveries, 1)

    def usual(middle: float, spread: float) -> Floats:
        return rng.lognormal(np.log(middle), spread, count)[:, None]

    def share(level: Floats, way: int, swing: float) -> Floats:
        return rng.binomial(trips, np.minimum(level * (1 + swing * felt[way]), 0.9)) / trips

    tickets = rng.poisson(usual(0.6, 0.5) * (1 + 4.0 * felt[TICKETS]))
    owed = usual(1, 0.6) * cast.deliveries_a_day[:, None] * 40
    rating = 4.55 + rng.normal(0, 0.15, count)[:, None] - 0.45 * (felt[LATE] + felt[FAILED] + 0.7 * felt[DAMAGED])
    rated = rng.random(deliveries.shape) < 0.12
    return {
        "deliveries": deliveries.astype(float),
        "late_share": np.round(share(usual(0.035, 0.5), LATE, 3.5), 4),
        "failed_first_attempt": np.round(share(usual(0.02, 0.5), FAILED, 3.0), 4),
        "damaged_parcels": rng.poisson(trips * np.minimum(usual(0.012, 0.5) * (1 + 4.0 * felt[DAMAGED]), 0.5)).astype(
            float
        ),
        "tickets_unanswered": tickets.astype(float),
        "past_due": np.round(owed * (1 + 2.5 * felt[BILLING]) * rng.lognormal(0, 0.2, deliveries.shape), 0),
        "satisfaction": np.where(rated, np.clip(np.round(rating + rng.normal(0, 0.5, rating.shape), 1), 1, 5), np.nan),
        "stop_minutes": np.round(usual(7, 0.3) * rng.lognormal(0, 0.2, deliveries.shape), 1),
    }


def _reported(metric: str, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.bool_]:
    """What arrives: single values get lost, some reports fail for days, some accounts never have a metric."""
    arrives = rng.random(shape) > 0.015
    for account in np.nonzero(rng.random(shape[0]) < 0.25)[0]:
        start = int(rng.integers(0, shape[1]))
        arrives[account, start : start + int(rng.integers(3, 15))] = False
    never = {"satisfaction": 0.3, "past_due": 0.12, "tickets_unanswered": 0.08}.get(metric, 0.0)
    arrives[rng.random(shape[0]) < never] = False
    return arrives
