"""From observations to sums over the days before each snapshot: the heavy part of the features.

Values become days in a frame; windows of days are then summed in place, as slices of arrays in order of account and
day. Pairing each snapshot with its 118 days, in a frame, took five times as long where days are dense. A slice holds
the same numbers in training and in serving, so its sum is the same to the last bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from service.scoring.definitions import LAST, MEAN, Definition
from service.scoring.past import DAY, Frame

PAST_FROM, PAST_TO = 28, 118
DAY_KEY = ("account", "metric", "day")
# Days from one account to the next on the axis on which all accounts' days lie one after another.
SPAN = 1 << 22

Numbers = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Days:
    """One metric's days with a value, by account and day. `part` over `weight` is a level; `off`: missed the target."""

    key: Ints
    value: Numbers
    part: Numbers
    weight: Numbers
    off: Numbers


def by_day(observations: Frame, definitions: Sequence[Definition], offset: int) -> Frame:
    """One row for each account, metric and day: `value` of the day, and what it adds to a level (`part` / `weight`)."""
    facts = _facts(definitions, observations)
    rows = (
        observations.unique(subset=["account", "metric", "at", "item"])
        .with_columns(day=-((offset - nw.col("at")) // DAY))
        .join(facts, on="metric")
    )
    days = rows.group_by(*DAY_KEY).agg(nw.col("value").sum().alias("total"), nw.len().alias("count"))
    gauges = rows.filter(nw.col("combine") == LAST)
    newest = gauges.filter(nw.col("at") == nw.col("at").max().over(*DAY_KEY))
    ends = newest.group_by(*DAY_KEY).agg(nw.col("value").mean().alias("end"))
    mean = nw.col("total") / nw.col("count")
    by_combine = nw.when(nw.col("combine") == MEAN)
    cells = days.join(ends, on=list(DAY_KEY), how="left").join(facts, on="metric")
    return (
        cells.with_columns(
            value=by_combine.then(mean).otherwise(nw.coalesce(nw.col("end"), nw.col("total"))),
            weight=by_combine.then(nw.col("count").cast(nw.Float64)).otherwise(nw.lit(1.0)),
        )
        .with_columns(part=by_combine.then(nw.col("total")).otherwise(nw.col("value")))
        .with_columns(off=(nw.col("sign") * (nw.col("value") - nw.col("target")) > 0).cast(nw.Float64))
        .select(*DAY_KEY, "value", "part", "weight", "off")
        .sort(*DAY_KEY)
    )


def _facts(definitions: Sequence[Definition], like: Frame) -> Frame:
    return nw.from_dict(
        {
            "metric": [item.id for item in definitions],
            "combine": [item.combine for item in definitions],
            "sign": [float(item.sign) for item in definitions],
            "target": [item.target for item in definitions],
        },
        schema={"metric": nw.Int64(), "combine": nw.String(), "sign": nw.Float64(), "target": nw.Float64()},
        backend=nw.get_native_namespace(like),
    )


def days_of(cells: Frame, metric: int) -> Days:
    """The days of one metric."""
    mine = cells.filter(nw.col("metric") == metric)
    columns = {name: mine[name].to_numpy() for name in ("account", "day", "value", "part", "weight", "off")}
    key = axis(columns.pop("account"), columns.pop("day"))
    return Days(key, **columns)


def axis(account: Ints, day: Ints) -> Ints:
    """Days of all accounts as places on one axis."""
    return np.asarray(account * SPAN + day + SPAN // 2)


@dataclass(frozen=True)
class Slices:
    """For each snapshot the places of a metric's days that lie `since` up to `to` days back."""

    start: Ints
    end: Ints

    @classmethod
    def of(cls, days: Days, now: Ints, since: int, to: int) -> "Slices":
        """`now`: the snapshots' own places on the axis, in rising order; a slice holds ages in [since, to)."""
        return cls(np.searchsorted(days.key, now - to, "right"), np.searchsorted(days.key, now - since, "right"))

    @property
    def count(self) -> Numbers:
        return np.asarray(self.end - self.start, np.float64)

    def apart(self) -> tuple[Ints, "Slices"]:
        """The days of all slices one after another, each slice with its own: their places, and where they then lie."""
        count = self.end - self.start
        end = np.cumsum(count)
        return np.arange(count.sum()) + np.repeat(self.start - (end - count), count), Slices(end - count, end)

    def sum(self, numbers: Numbers) -> Numbers:
        """The sum of each slice; 0 where it is empty."""
        return np.where(self.end > self.start, self._reduced(np.add, numbers), 0.0)

    def max(self, numbers: Numbers) -> Numbers:
        """The largest of each slice; NaN where it is empty."""
        return np.where(self.end > self.start, self._reduced(np.maximum, numbers), np.nan)

    def _reduced(self, by: Any, numbers: Numbers) -> Numbers:
        # Every second place is what lies between two slices, and the number added at the end belongs to none.
        edges = np.column_stack([self.start, self.end]).ravel()
        return np.asarray(by.reduceat(np.append(numbers, 0.0), edges)[::2])
