"""What goes wrong in the simulated company: episodes that have a cause, a place, a length and a strength."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.simulated_cast import DEPOTS, Cast

# The ways in which a client feels trouble; rows of `Trouble.felt`.
LATE, DAMAGED, FAILED, TICKETS, BILLING, HIDDEN = range(6)
WAYS = 6


@dataclass(frozen=True)
class Kind:
    """A cause: how often it strikes its place in a year, whom, for how long, and how it is felt (1 is strong)."""

    name: str
    place: str
    a_year: float
    share_hit: float
    days: tuple[int, int]
    felt: dict[int, float]


KINDS = (
    Kind("depot trouble", "depot", 1.6, 0.45, (14, 28), {LATE: 1.1, DAMAGED: 0.6, FAILED: 0.3}),
    Kind("driver shortage", "depot", 1.4, 0.45, (14, 30), {LATE: 0.9, FAILED: 0.9, TICKETS: 0.3}),
    Kind("IT trouble", "company", 1.5, 0.20, (10, 20), {TICKETS: 1.1, BILLING: 0.7, LATE: 0.2}),
    Kind("new route", "account", 0.4, 1.0, (15, 40), {LATE: 1.0, FAILED: 0.9}),
    Kind("wrong packaging", "account", 0.3, 1.0, (15, 40), {DAMAGED: 1.3, LATE: 0.2}),
    Kind("billing dispute", "account", 0.3, 1.0, (20, 45), {BILLING: 1.3, TICKETS: 0.6}),
    Kind("unanswered requests", "account", 0.3, 1.0, (12, 30), {TICKETS: 1.2, FAILED: 0.2}),
    # Nothing that is measured moves: nobody can see these complaints coming.
    Kind("price talks", "account", 0.2, 1.0, (8, 20), {HIDDEN: 1.2}),
)


@dataclass(frozen=True)
class Trouble:
    """`felt`: array of shape (WAYS, n_accounts, n_days), 0 where all is well. `episodes`: the causes behind it."""

    felt: NDArray[np.float32]
    episodes: list[dict[str, str | int | float]]


def make_trouble(cast: Cast, days: int, rng: np.random.Generator) -> Trouble:
    """Draw all episodes and what each account feels of them. New accounts learn: their first weeks are worse."""
    count = len(cast.rows)
    felt = np.zeros((WAYS, count, days), np.float32)
    episodes: list[dict[str, str | int | float]] = []
    for kind in KINDS:
        for hit in _strikes(kind, cast, days, rng):
            start = int(rng.integers(-15, days))
            length = int(rng.integers(*kind.days))
            for account in hit:
                strength = float(rng.lognormal(0.0, 0.45))
                shape = strength * _shape(length)
                first, last = max(start, 0), min(start + len(shape), days)
                for way, share in kind.felt.items():
                    felt[way, account, first:last] += share * shape[first - start : last - start]
                episodes.append(
                    {"cause": kind.name, "account": int(account), "day": start, "days": length, "strength": strength}
                )
    since_start = np.arange(days)[None, :] - cast.started[:, None]
    learning = np.where(since_start >= 0, 0.9 * np.exp(-np.maximum(since_start, 0) / 20.0), 0.0)
    learning[cast.started < 0] = 0.0
    felt[[LATE, FAILED, BILLING]] += learning.astype(np.float32)
    felt[:, since_start < 0] = 0.0
    return Trouble(felt, episodes)


def _strikes(kind: Kind, cast: Cast, days: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """The accounts that each episode of this kind hits."""
    everyone = np.arange(len(cast.rows))
    places = {
        "account": [everyone[at : at + 1] for at in everyone],
        "depot": [everyone[cast.depot == depot] for depot in range(len(DEPOTS))],
        "company": [everyone],
    }[kind.place]
    times = rng.poisson(kind.a_year * days / 365, len(places))
    return [
        place[rng.random(len(place)) < kind.share_hit]
        for place, strikes in zip(places, times, strict=True)
        for _ in range(strikes)
    ]


def _shape(length: int) -> NDArray[np.float32]:
    """Trouble grows over three days, stays, and takes five days to go."""
    shape = np.ones(length + 5, np.float32)
    shape[:3] = (0.35, 0.6, 0.85)
    shape[length:] = (0.7, 0.5, 0.3, 0.15, 0.05)
    return shape
