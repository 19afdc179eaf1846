"""Golden figures: what a model says of some rows, some items and a made-up account, kept in its card.

Whoever loads the model computes them again. They cover the whole way from observations to the answers: features,
the model of items, the risk, and the chance of several complaints. A newer Headsup, or another version of a library,
that computes anything else is found before it gives a risk to anybody.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zlib import crc32

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from service.scoring import features
from service.scoring.features import Features
from service.scoring.items import ItemModel
from service.scoring.past import DAY, History
from service.scoring.trained import TrainedScorer

# Of how many complaints the chance is kept.
SEVERAL = 2
ITEM_ROWS = 16
TOLERANCE = 1e-9
# Of a feature, which is a float32: sums may be added up in another order.
FEATURE_TOLERANCE = 1e-4
# The made-up account: a Monday, how long it has been a client, when it complained (days before).
AS_OF, AGE, COMPLAINED = 20_458 * DAY, 300, (3, 40, 95)
MOMENTS = (0, 35)
DAYS = 160

Numbers = NDArray[np.float64]


def of(scorer: TrainedScorer, values: NDArray[Any]) -> dict[str, Any]:
    """The golden figures of a model; `values` are rows of its columns, NaN where missing."""
    risk = scorer.blend.risk(values)
    least = np.full(len(values), SEVERAL)
    built = made_up(scorer)
    found = {
        "values": _plain(values),
        "risk": risk.tolist(),
        "several": scorer.blend.chance(values, risk, least).tolist(),
        "account": {"columns": [column.name for column in built.columns], "features": _plain(built.values)},
    }
    if scorer.items is not None:
        trails = _trails(scorer.items)
        found["items"] = {"values": _plain(trails), "chance": scorer.items.chance(trails).tolist()}
    return found


def differs(scorer: TrainedScorer, golden: Mapping[str, Any]) -> str | None:
    """Name what a model computes otherwise than its card says; None where all is the same.

    Cards of earlier versions tell of the risk alone; the made-up account goes through their model all the same.
    """
    values = np.array(golden["values"], np.float64)
    risk = scorer.blend.risk(values)
    if not np.isfinite(risk).all():
        return "risks that are no numbers"
    if not _same(risk, golden["risk"]):
        return "other risks"
    several = scorer.blend.chance(values, risk, np.full(len(values), SEVERAL))
    if not _same(several, golden.get("several", several)):
        return "other chances of several complaints"
    if scorer.items is not None and not _same_items(scorer.items, golden.get("items")):
        return "other chances of items"
    built = made_up(scorer)
    if not np.isfinite(scorer.judge(built).risk).all():
        return "risks that are no numbers"
    return "other features" if (kept := golden.get("account")) and not _same_features(built, kept) else None


def made_up(scorer: TrainedScorer) -> Features:
    """The features of the made-up account, at two moments."""
    definitions = [replace(each, id=number) for number, each in enumerate(scorer.definitions)]
    carrying = scorer.items.metrics if scorer.items is not None else ()
    rows = [
        (1, each.id, AS_OF - day * DAY - 3_600_000_000, _value(each.key, day), f"i{day // 9}" * (each.key in carrying))
        for each in definitions
        for day in range(DAYS)
        if (day + each.id) % 5
    ]
    kinds = {"account": pl.Int64, "metric": pl.Int64, "at": pl.Int64, "value": pl.Float64, "item": pl.String}
    complained = {"account": [1] * len(COMPLAINED), "at": [AS_OF - day * DAY for day in COMPLAINED]}
    past = History(
        nw.from_native(pl.DataFrame(rows, schema=kinds, orient="row")),
        nw.from_native(pl.DataFrame(complained)),
        nw.from_native(pl.DataFrame({"account": [1], "started": [AS_OF - AGE * DAY]})),
    )
    moments = pl.DataFrame({"account": [1, 1], "as_of": [AS_OF - days * DAY for days in MOMENTS]})
    return features.build(past, nw.from_native(moments), definitions, scorer.prior, scorer.items)


def _value(key: str, day: int) -> float:
    """A value in [0, 1) that depends on nothing but metric and day."""
    return (crc32(key.encode()) + 7_919 * day) % 97 / 97


def _trails(model: ItemModel) -> Numbers:
    """Rows of trails: on either side of what the trees ask, and some values missing."""
    draw = np.random.default_rng(0)
    columns = model.trees.feature.max(initial=0) + 1
    found = np.full((ITEM_ROWS, columns), np.nan)
    for place in range(columns):
        asked = model.trees.threshold[(model.trees.feature == place) & (model.trees.group < 0)]
        # A question that only sets the missing apart has an endless threshold.
        asked = np.unique(asked[np.isfinite(asked)])
        if len(asked):
            at = draw.choice(asked, ITEM_ROWS)
            beyond = np.where(draw.random(ITEM_ROWS) < 0.5, at, np.nextafter(at, np.inf))
            found[:, place] = np.where(draw.random(ITEM_ROWS) < 0.8, beyond, np.nan)
    return found


def _same_items(model: ItemModel, kept: Mapping[str, Any] | None) -> bool:
    return kept is None or _same(model.chance(np.array(kept["values"], np.float64)), kept["chance"])


def _same_features(built: Features, kept: Mapping[str, Any]) -> bool:
    if [column.name for column in built.columns] != kept["columns"]:
        return False
    then = np.array(kept["features"], np.float64)
    return bool(np.allclose(built.values, then, rtol=FEATURE_TOLERANCE, atol=FEATURE_TOLERANCE, equal_nan=True))


def _same(now: Numbers, then: Any) -> bool:
    return now.shape == np.shape(then) and bool(np.allclose(now, then, rtol=0, atol=TOLERANCE))


def _plain(values: NDArray[Any]) -> list[list[float | None]]:
    return [[None if np.isnan(number) else float(number) for number in row] for row in values]
