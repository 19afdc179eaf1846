"""Items: the trail of each order, ticket or delivery that is under way, and what a model makes of it.

An observation may name an item. An item is live at a moment if it was seen (has an observation) in the 60 days before;
its trail is what was seen of it in the 118 days before, which is as far as features look back. Nothing here knows what
an item is: its trail is the last value of each metric that carries items, and when that was seen.

Columns of an item's trail (group `item` is the trail as a whole, the others are named by their metric's key; days):

- `item:age`, `item:quiet`: since it was first and last seen; `item:seen`: how many of the metrics were seen on it
- `last`, `age`: value of the metric's newest observation on the item, and how long ago that was; NaN if never seen
- `left`: of a neutral metric measured in days or hours, what is left of it: a delivery promised for 30 days, promised
  10 days ago, has 20 left

`training.following` fits trees on these: the chance that an item brings a complaint within the horizon. What the items
of an account say together are features of the account, of the group `items`:

- `expected`: complaints that they are expected to bring: the sum of -log(1 - chance)
- `odds`: log-odds that they bring at least one
- `worst`: the highest chance of one item
- `live`: how many items are live
- `alike`: how many look like those that ended in complaints: their chance is at least `ItemModel.alike`, which half of
  the complained-of items had reached
- `oldest`: the age in days of the oldest item that looks so; NaN if none does

An account with very many live items is judged by some of them, drawn by their names, so that the same ones are drawn
the next day; sums are scaled up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from zlib import crc32

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from service.scoring.definitions import Definition
from service.scoring.past import DAY, Frame
from service.scoring.trees import Trees
from service.scoring.windows import PAST_TO

ITEM, ITEMS = "item", "items"
LIVE_DAYS = 60
# Feature of the account → how it may move the risk.
STATS = {"expected": 1, "odds": 1, "worst": 1, "live": 0, "alike": 1, "oldest": 0}
DAYS_OF = {"day": 1.0, "days": 1.0, "hour": 1 / 24, "hours": 1 / 24, "h": 1 / 24}
# Below it the log-odds of a complaint are those of no live item.
LEAST_EXPECTED = 1e-3

Numbers = NDArray[np.float64]
Ints = NDArray[np.int64]


class Trace(NamedTuple):
    """A column of an item's trail: `group` is the metric's key; `sign` how it may move the chance of a complaint."""

    group: str
    stat: str
    sign: int = 0


@dataclass(frozen=True)
class Trails:
    """Live items, one row for each snapshot and item. `row`: the snapshot's place; `item`: the place in `items`.

    `values`: float32 (rows, columns), NaN where missing; `stands_for`: how many live items the row speaks for.
    `items`: account and item.
    """

    row: Ints
    item: Ints
    values: NDArray[np.float32]
    stands_for: Numbers
    items: Frame


@dataclass(frozen=True)
class ItemModel:
    """`metrics`: keys of those that carry items. `most`: how many items of an account are looked at."""

    metrics: tuple[str, ...]
    trees: Trees
    alike: float
    most: int

    def chance(self, values: NDArray[Any]) -> Numbers:
        """The chance of each item that it brings a complaint within the horizon."""
        log_odds = self.trees.base + self.trees.contributions(values, 1)[:, 0]
        return np.asarray(1 / (1 + np.exp(-log_odds)))

    def carrying(self, definitions: Sequence[Definition]) -> list[Definition]:
        """The definitions of the metrics that carry items, in the model's order."""
        known = {definition.key: definition for definition in definitions}
        return [known[key] for key in self.metrics]


def traces(carrying: Sequence[Definition]) -> tuple[Trace, ...]:
    """The columns of an item's trail."""
    found = [Trace(ITEM, "age"), Trace(ITEM, "quiet"), Trace(ITEM, "seen")]
    for definition in carrying:
        found += [Trace(definition.key, "last", definition.sign), Trace(definition.key, "age")]
        if _runs_out(definition):
            found.append(Trace(definition.key, "left"))
    return tuple(found)


def features(
    model: ItemModel, observations: Frame, snapshots: Frame, definitions: Sequence[Definition]
) -> dict[str, Numbers]:
    """What the items say of the account at each snapshot: an array for each of `STATS`."""
    found = trails(observations, snapshots, model.carrying(definitions), model.most)
    chance = model.chance(found.values)
    return summed(found.row, found.values, found.stands_for, chance, alike=model.alike, snapshots=len(snapshots))


def summed(
    row: Ints,
    values: NDArray[np.float32],
    stands_for: Numbers,
    chance: Numbers,
    *,
    alike: float,
    snapshots: int,
) -> dict[str, Numbers]:
    """Add up the items of each snapshot."""
    expected = np.bincount(row, -np.log1p(-np.minimum(chance, 0.999)) * stands_for, snapshots)
    worst, oldest = np.zeros(snapshots), np.full(snapshots, np.nan)
    np.maximum.at(worst, row, chance)
    like = chance >= alike
    np.fmax.at(oldest, row[like], values[like, 0].astype(np.float64))
    return {
        "expected": expected,
        "odds": np.log(np.expm1(np.clip(expected, LEAST_EXPECTED, 50))),
        "worst": worst,
        "live": np.bincount(row, stands_for, snapshots),
        "alike": np.bincount(row, like * stands_for, snapshots),
        "oldest": oldest,
    }


def trails(observations: Frame, snapshots: Frame, carrying: Sequence[Definition], most: int) -> Trails:
    """Follow the live items of each snapshot (columns `account`, `as_of`) by what was seen until then."""
    seen, items = _seen(observations, carrying)
    clock = _Clock(np.unique(snapshots["as_of"].to_numpy()))
    row, item = _live(seen, items, snapshots, clock)
    kept, stands_for = _drawn(row, item, items, most)
    row, item = row[kept], item[kept]
    values = _values(seen, item, snapshots["as_of"].to_numpy()[row], carrying, clock)
    return Trails(row, item, values, stands_for, items)


@dataclass(frozen=True)
class _Seen:
    """Observations on items, by item and time."""

    item: Ints
    at: Ints
    metric: Ints
    value: Numbers


@dataclass(frozen=True)
class _Clock:
    """The moments of the snapshots, as numbers from 0: small enough to share one integer with the number of an item."""

    moments: Ints

    def key(self, owner: Ints, at: Ints) -> Ints:
        """Order by owner, then by the first snapshot at or after the moment."""
        return np.asarray(owner * (len(self.moments) + 1) + np.searchsorted(self.moments, at))


def _seen(observations: Frame, carrying: Sequence[Definition]) -> tuple[_Seen, Frame]:
    rows = observations.filter(nw.col("item") != "", nw.col("metric").is_in([metric.id for metric in carrying]))
    rows = rows.unique(subset=["account", "metric", "at", "item"]).sort("account", "item", "at", "metric")
    items = rows.select("account", "item").unique().sort("account", "item").with_row_index("number")
    rows = rows.join(items, on=["account", "item"], how="left").sort("number", "at", "metric")
    found = _Seen(
        rows["number"].to_numpy().astype(np.int64),
        rows["at"].to_numpy(),
        rows["metric"].to_numpy(),
        rows["value"].to_numpy(),
    )
    return found, items.select("account", "item")


def _live(seen: _Seen, items: Frame, snapshots: Frame, clock: _Clock) -> tuple[Ints, Ints]:
    """Pair each snapshot with the items that are live then."""
    gap = np.append(True, (np.diff(seen.item) != 0) | (np.diff(seen.at) >= LIVE_DAYS * DAY))[: len(seen.at)]
    starts = np.flatnonzero(gap)
    ends = np.append(starts[1:], len(seen.at))[: len(starts)] - 1
    account, as_of = snapshots["account"].to_numpy(), snapshots["as_of"].to_numpy()
    names, owner = np.unique(np.concatenate([items["account"].to_numpy(), account]), return_inverse=True)
    del names
    of_item, of_snapshot = owner[: len(items)], owner[len(items) :]
    keys = clock.key(of_snapshot, as_of)
    order = np.argsort(keys, kind="stable")
    spell = of_item[seen.item[starts]]
    first = np.searchsorted(keys[order], clock.key(spell, seen.at[starts]))
    last = np.searchsorted(keys[order], clock.key(spell, seen.at[ends] + LIVE_DAYS * DAY))
    count = last - first
    place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    return order[place], np.repeat(seen.item[starts], count)


def _drawn(row: Ints, item: Ints, items: Frame, most: int) -> tuple[NDArray[np.bool_], Numbers]:
    """Which of the live items are looked at, and for how many each of those stands."""
    live = np.bincount(row)
    if not len(live) or live.max() <= most:
        return np.ones(len(row), dtype=bool), np.ones(len(row))
    lot = np.array([crc32(name.encode()) for name in items["item"].to_list()]) / 2**32
    kept = lot[item] < most / live[row]
    drawn = np.bincount(row[kept], minlength=len(live))
    return kept, live[row[kept]] / drawn[row[kept]]


def _values(seen: _Seen, item: Ints, as_of: Ints, carrying: Sequence[Definition], clock: _Clock) -> NDArray[np.float32]:
    """The trail of each item as it stood at its snapshot."""
    wanted = clock.key(item, as_of)
    places = {(trace.group, trace.stat): place for place, trace in enumerate(traces(carrying))}
    values = np.full((len(item), len(places)), np.nan, np.float32)
    # What was seen 118 days before a snapshot is forgotten there: the first that is not is where the trail begins.
    first = np.searchsorted(clock.key(seen.item, seen.at + PAST_TO * DAY), wanted, "right")
    newest = np.searchsorted(clock.key(seen.item, seen.at), wanted, "right") - 1
    values[:, places[ITEM, "age"]] = (as_of - seen.at[first]) / DAY
    values[:, places[ITEM, "quiet"]] = (as_of - seen.at[newest]) / DAY
    metrics = np.zeros(len(item))
    for definition in carrying:
        of_metric = np.flatnonzero(seen.metric == definition.id)
        if not len(of_metric):
            continue
        at = np.searchsorted(clock.key(seen.item[of_metric], seen.at[of_metric]), wanted, "right") - 1
        last = of_metric[np.maximum(at, 0)]
        ago = (as_of - seen.at[last]) / DAY
        known = (at >= 0) & (seen.item[last] == item) & (ago < PAST_TO)
        value = seen.value[last]
        metrics += known
        values[known, places[definition.key, "last"]] = value[known]
        values[known, places[definition.key, "age"]] = ago[known]
        if _runs_out(definition):
            values[known, places[definition.key, "left"]] = (value * DAYS_OF[definition.unit] - ago)[known]
    values[:, places[ITEM, "seen"]] = metrics
    return values


def _runs_out(definition: Definition) -> bool:
    return not definition.sign and definition.unit in DAYS_OF
