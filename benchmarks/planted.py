"""A company whose causes are known: what a reason should name is planted, metric by metric.

Each account lives through spells. In a spell one metric goes bad, and complaints come more often from the fourth day on
until the fifth after it. Busy accounts complain a little all the time, in proportion to their volume, whatever the
metrics say. When the history ends, most accounts are in the second week of a spell; `Planted.cause` says in which.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import Better, Combine
from training.simulate import Company

Floats = NDArray[np.float64]

SPELL_SHARE, CALM_AT_THE_END = 0.15, 0.1
SPELL_DAYS = (12, 25)
# Complaints a day: of an account of middling volume that is left in peace, and of one in a spell.
BACKGROUND, IN_A_SPELL = 0.006, 0.11


@dataclass(frozen=True)
class Cause:
    """A metric that can go bad: its facts, the usual value of an account, and the days on which it is reported."""

    key: str
    label: str
    unit: str
    better: Better
    combine: Combine
    target: float | None
    reported: float = 1.0


CAUSES = (
    Cause("late_share", "Share delivered late", "share", Better.LOWER, Combine.MEAN, 0.06),
    Cause("fill_rate", "Share of lines delivered whole", "share", Better.HIGHER, Combine.MEAN, 0.95),
    Cause("rating", "Driver rating", "of 5", Better.HIGHER, Combine.MEAN, None, 0.3),
    Cause("answer_hours", "Hours to an answer", "hours", Better.LOWER, Combine.MEAN, None),
    Cause("damaged", "Damaged parcels", "parcels", Better.LOWER, Combine.SUM, None),
    Cause("missed", "Promised dates missed", "orders", Better.LOWER, Combine.SUM, 1.0),
    Cause("tickets", "Tickets without an answer", "tickets", Better.LOWER, Combine.LAST, 3.0),
    Cause("past_due", "Disputed invoices past due", "EUR", Better.LOWER, Combine.LAST, None),
)
CONTEXT = (
    Cause("deliveries", "Deliveries", "deliveries", Better.NEUTRAL, Combine.SUM, None),
    Cause("open_orders", "Open orders", "orders", Better.NEUTRAL, Combine.LAST, None),
    Cause("stop_minutes", "Minutes at the stop", "min", Better.NEUTRAL, Combine.MEAN, None, 0.5),
)
EXPOSURE = frozenset({"deliveries", "open_orders"})


@dataclass(frozen=True)
class Planted:
    """`cause`: the metric behind each account's present spell, None where all is calm; `volume`: deliveries a day."""

    company: Company
    cause: list[str | None]
    volume: Floats


def make(*, accounts: int, weeks: int, until: datetime, seed: int) -> Planted:
    """Draw such a company with its history up to `until`; the same seed draws the same one."""
    draw = np.random.default_rng(seed)
    days = weeks * 7
    start = until - timedelta(days=days)
    volume = draw.lognormal(np.log(12), 1.1, accounts)
    bad, cause = _spells(accounts, days, draw)
    parts = []
    for place, each in enumerate((*CAUSES, *CONTEXT)):
        felt = bad[place] if place < len(CAUSES) else np.zeros((accounts, days))
        values = _values(each.key, volume, felt, draw)
        parts.append(_observed(each.key, values, draw.random(values.shape) < each.reported, start))
    company = Company(
        accounts=[_account(number, start) for number in range(accounts)],
        metrics=[_metric(each) for each in (*CAUSES, *CONTEXT)],
        observations={name: np.concatenate([part[name] for part in parts]) for name in parts[0]},
        complaints=_complaints(volume, bad.sum(axis=0) > 0, start, draw),
    )
    return Planted(company, cause, volume)


def _spells(accounts: int, days: int, draw: np.random.Generator) -> tuple[NDArray[np.bool_], list[str | None]]:
    """Who is in which spell on which day: shape (causes, accounts, days); and each account's cause at the end."""
    bad = np.zeros((len(CAUSES), accounts, days), dtype=bool)
    now: list[str | None] = []
    for account in range(accounts):
        # The end is left out: there each account gets one spell at most.
        day = int(draw.exponential(40))
        while day < days - 35:
            length = int(draw.integers(*SPELL_DAYS))
            bad[int(draw.integers(len(CAUSES))), account, day : min(day + length, days - 35)] = True
            day += length + int(draw.exponential(length * (1 - SPELL_SHARE) / SPELL_SHARE))
        which = None if draw.random() < CALM_AT_THE_END else int(draw.integers(len(CAUSES)))
        if which is not None:
            bad[which, account, days - int(draw.integers(7, 14)) :] = True
        now.append(None if which is None else CAUSES[which].key)
    return bad, now


def _values(key: str, volume: Floats, bad: NDArray[Any], draw: np.random.Generator) -> Floats:
    """The metric's value for each account and day; usual levels differ from account to account."""
    busy = np.maximum(1, draw.poisson(volume[:, None], bad.shape))

    def usual(middle: float, spread: float = 0.3) -> Floats:
        return draw.lognormal(np.log(middle), spread, len(volume))[:, None]

    def share(middle: float, gone_bad: float) -> Floats:
        return np.round(draw.binomial(busy, np.where(bad, gone_bad, np.minimum(usual(middle), 0.2))) / busy, 3)

    def around(middle: float, spread: float, times: float) -> Floats:
        return usual(middle, spread) * np.where(bad, times, 1.0) * draw.lognormal(0, 0.2, bad.shape)

    made: dict[str, Any] = {
        "late_share": lambda: share(0.03, 0.25),
        "fill_rate": lambda: 1 - share(0.02, 0.2),
        "rating": lambda: np.clip(
            4.6 + draw.normal(0, 0.12, len(volume))[:, None] + draw.normal(0, 0.3, bad.shape) - 1.2 * bad, 1, 5
        ),
        "answer_hours": lambda: around(4, 0.4, 3.0),
        "damaged": lambda: draw.poisson(busy * 0.01 + np.where(bad, 0.7 + busy * 0.06, 0.0)),
        "missed": lambda: draw.poisson(busy * 0.01 + np.where(bad, 1.2 + busy * 0.06, 0.0)),
        "tickets": lambda: draw.poisson(np.where(bad, 7.0, 1.0), bad.shape),
        "past_due": lambda: np.round(around(400, 0.6, 4.0)),
        "deliveries": lambda: busy,
        "open_orders": lambda: draw.poisson(volume[:, None] * 3, bad.shape),
        "stop_minutes": lambda: np.round(around(8, 0.3, 1.0), 1),
    }
    return np.asarray(made[key](), np.float64)


def _complaints(
    volume: Floats, bad: NDArray[np.bool_], start: datetime, draw: np.random.Generator
) -> list[dict[str, Any]]:
    felt = np.zeros_like(bad)
    for delay in range(4, 9):
        felt[:, delay:] |= bad[:, :-delay]
    patience = draw.lognormal(0, 0.3, len(volume))[:, None]
    chance = BACKGROUND * volume[:, None] / np.median(volume) + IN_A_SPELL * felt * patience
    accounts, days = np.nonzero(draw.random(bad.shape) < chance)
    return [
        {
            "complaint_id": f"complaint-{number}",
            "account_id": _name(account),
            "occurred_at": (start + timedelta(days=day, hours=10)).isoformat(),
        }
        for number, (account, day) in enumerate(zip(accounts.tolist(), days.tolist(), strict=True))
    ]


def _observed(key: str, values: Floats, known: NDArray[np.bool_], start: datetime) -> dict[str, NDArray[Any]]:
    account, day = np.nonzero(known)
    evening = np.datetime64(start.replace(tzinfo=None), "us") + np.timedelta64(18, "h")
    return {
        "account_id": np.array([_name(number) for number in range(len(values))])[account],
        "metric": np.full(len(day), key, dtype="<U32"),
        "observed_at": evening + day.astype("timedelta64[D]"),
        "value": values[account, day],
        "item_id": np.full(len(day), "", dtype="<U1"),
    }


def _account(number: int, start: datetime) -> dict[str, Any]:
    return {"account_id": _name(number), "name": f"Client {number}", "started_on": start.date().isoformat()}


def _name(number: int) -> str:
    return f"client-{number:04}"


def _metric(each: Cause) -> dict[str, Any]:
    return {
        "metric": each.key, "label": each.label, "unit": each.unit, "better": each.better, "combine": each.combine,
        "target": each.target, "exposure": each.key in EXPOSURE,
    }  # fmt: skip
