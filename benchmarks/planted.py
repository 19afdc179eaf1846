"""A company whose causes are known: what a reason should name is planted, metric by metric.

Each account lives through spells. In a spell one metric goes bad, and complaints come more often from the fourth day on
until the fifth after it. Busy accounts complain a little all the time, in proportion to their volume, whatever the
metrics say. When the history ends, most accounts are in the second week of a spell; `Company.cause` says in which.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert

from models import Account, Better, Combine, Complaint, Metric, Observation
from service.kit.database import Session

Floats = NDArray[np.float64]

SPELL_SHARE, CALM_AT_THE_END = 0.15, 0.1
SPELL_DAYS = (12, 25)
# Complaints a day: of an account of middling volume that is left in peace, and of one in a spell.
BACKGROUND, IN_A_SPELL = 0.006, 0.11
BATCH = 20_000


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
class Company:
    """`cause`: the metric behind each account's present spell, None where all is calm; `volume`: deliveries a day."""

    accounts: list[int]
    cause: list[str | None]
    volume: Floats
    calm_since: list[bool]


def build(session: Session, *, accounts: int, weeks: int, until: datetime, seed: int) -> Company:
    """Store the history of such a company up to `until`."""
    draw = np.random.default_rng(seed)
    days = weeks * 7
    start = until - timedelta(days=days)
    volume = draw.lognormal(np.log(12), 1.1, accounts)
    bad, cause = _spells(accounts, days, draw)
    ids = _add_accounts(session, accounts, start)
    metrics = _add_metrics(session, start)
    rows = []
    for place, each in enumerate((*CAUSES, *CONTEXT)):
        felt = bad[place] if place < len(CAUSES) else np.zeros((accounts, days))
        values = _values(each.key, volume, felt, draw)
        known = draw.random(values.shape) < each.reported
        rows += _rows(ids, metrics[each.key], values, known, start)
    _bulk(session, Observation, rows)
    _bulk(session, Complaint, _complaints(ids, volume, bad.sum(axis=0) > 0, start, draw))
    session.flush()
    return Company(ids, cause, volume, [found is None for found in cause])


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
    ids: Sequence[int], volume: Floats, bad: NDArray[np.bool_], start: datetime, draw: np.random.Generator
) -> list[dict[str, Any]]:
    felt = np.zeros_like(bad)
    for delay in range(4, 9):
        felt[:, delay:] |= bad[:, :-delay]
    patience = draw.lognormal(0, 0.3, len(ids))[:, None]
    chance = BACKGROUND * volume[:, None] / np.median(volume) + IN_A_SPELL * felt * patience
    accounts, days = np.nonzero(draw.random(bad.shape) < chance)
    return [
        {
            "external_id": f"complaint-{number}",
            "account_id": ids[account],
            "occurred_at": start + timedelta(days=day, hours=10),
            "received_at": start + timedelta(days=day, hours=10),
            "severity": 2,
            "channel": "phone",
            "about": "",
        }
        for number, (account, day) in enumerate(zip(accounts.tolist(), days.tolist(), strict=True))
    ]


def _rows(
    ids: Sequence[int], metric: int, values: Floats, known: NDArray[np.bool_], start: datetime
) -> list[dict[str, Any]]:
    accounts, days = np.nonzero(known)
    return [
        {
            "account_id": ids[account],
            "metric_id": metric,
            "observed_at": start + timedelta(days=day, hours=18),
            "item_id": "",
            "value": value,
        }
        for account, day, value in zip(accounts.tolist(), days.tolist(), values[accounts, days].tolist(), strict=True)
    ]


def _add_accounts(session: Session, count: int, start: datetime) -> list[int]:
    facts = {"created_at": start, "updated_at": start, "data_version": 1, "started_on": start.date()}
    made = [
        Account(external_id=f"client-{number:04}", name=f"Client {number}", time_zone="UTC", **facts)
        for number in range(count)
    ]
    session.add_all(made)
    session.flush()
    return [account.id for account in made]


def _add_metrics(session: Session, at: datetime) -> dict[str, int]:
    made = [
        Metric(
            external_id=each.key, label=each.label, unit=each.unit, better=each.better, combine=each.combine,
            target=each.target, exposure=each.key in EXPOSURE, created_at=at, updated_at=at,
        )
        for each in (*CAUSES, *CONTEXT)
    ]  # fmt: skip
    session.add_all(made)
    session.flush()
    return {metric.external_id: metric.id for metric in made}


def _bulk(session: Session, table: type[Any], rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), BATCH):
        session.execute(insert(table), rows[start : start + BATCH])
