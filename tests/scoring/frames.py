"""Histories as frames, made by hand or by chance."""

from datetime import UTC, datetime

import narwhals as nw
import numpy as np
import polars as pl

from service.scoring.definitions import Definition
from service.scoring.past import DAY, History

LATE = Definition(1, "late_share", "Share delivered late", "share", better="lower", target=0.05)
OPEN = Definition(2, "open_late", "Open orders past the promised date", "orders", better="lower", combine="last")
ORDERS = Definition(3, "orders", "Orders", "orders", combine="sum", exposure=True)
STARS = Definition(4, "stars", "Satisfaction", "stars", better="higher")
ALL = (LATE, OPEN, ORDERS, STARS)
MONDAY = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp()) * 1_000_000


def observations(rows):
    """Rows of (account, metric, days before MONDAY, value, item)."""
    facts = [
        (account, metric, MONDAY - round(ago * DAY), float(value), item) for account, metric, ago, value, item in rows
    ]
    schema = {"account": pl.Int64, "metric": pl.Int64, "at": pl.Int64, "value": pl.Float64, "item": pl.String}
    return nw.from_native(pl.DataFrame(facts, schema=schema, orient="row"))


def complaints(rows):
    """Rows of (account, days before MONDAY)."""
    facts = [(account, MONDAY - round(ago * DAY)) for account, ago in rows]
    return nw.from_native(pl.DataFrame(facts, schema={"account": pl.Int64, "at": pl.Int64}, orient="row"))


def history(observed, complained=(), accounts=(1,), days=400):
    """A history whose accounts all started so many days before MONDAY."""
    started = pl.DataFrame({"account": list(accounts), "started": [MONDAY - days * DAY] * len(accounts)})
    return History(observations(observed), complaints(complained), nw.from_native(started))


def snapshots(*rows):
    """Rows of (account, days before MONDAY)."""
    return complaints(rows).rename({"at": "as_of"})


def chance(seed, accounts=6, rows=3_000):
    """Observations and complaints of some accounts over 300 days, before and after MONDAY."""
    draw = np.random.default_rng(seed)
    found = [
        (int(account), int(metric), float(ago), float(np.round(value, 3)), f"i{item}" if metric != 2 else "")
        for account, metric, ago, value, item in zip(
            draw.integers(1, accounts + 1, rows),
            draw.integers(1, 5, rows),
            draw.permutation(np.linspace(-60, 240, rows)),
            draw.gamma(1.0, 3.0, rows),
            range(rows),
            strict=True,
        )
    ]
    complained = [(int(draw.integers(1, accounts + 1)), float(draw.uniform(-60, 240))) for _ in range(60)]
    return found, complained, tuple(range(1, accounts + 1))
