"""What followed: which snapshots, and which items, a complaint came after."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from service.scoring.definitions import Definition
from service.scoring.past import DAY, Frame, History

# A complaint this close to an observation on an item, in microseconds, speaks of that item.
SAME_MOMENT = 5 * 60 * 1_000_000

Ints = NDArray[np.int64]


def follows(owner: Ints, as_of: Ints, complaints: pl.DataFrame, horizon_days: int) -> NDArray[np.bool_]:
    """Whether a complaint of the owner came after the moment and within the horizon; complaints: `owner`, `at`."""
    rows = pl.DataFrame({"owner": owner, "as_of": as_of}).with_row_index("row").sort("as_of")
    following = complaints.select(pl.col("owner").cast(pl.Int64), "at", next="at").sort("at")
    found = rows.join_asof(
        following,
        left_on="as_of",
        right_on="at",
        by="owner",
        strategy="forward",
        allow_exact_matches=False,
        check_sortedness=False,
    ).sort("row")
    within = (found["next"] - found["as_of"]) <= horizon_days * DAY
    return within.fill_null(value=False).to_numpy()


def count(owner: Ints, as_of: Ints, complaints: pl.DataFrame, horizon_days: int) -> Ints:
    """How many complaints of the owner came after the moment and within the horizon."""
    rows = pl.DataFrame({"owner": owner, "as_of": as_of}).with_row_index("row")
    ahead = (pl.col("at") - pl.col("as_of")).is_between(0, horizon_days * DAY, closed="right")
    found = rows.join(complaints, on="owner").filter(ahead)["row"].to_numpy()
    return np.bincount(found, minlength=len(owner))


def named(past: History, carrying: Sequence[Definition], items: Frame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split complaints into those that name an item (`owner` is its place in `items`) and those of the account."""
    seen = past.observations.to_native().filter(
        pl.col("item") != "", pl.col("metric").is_in([definition.id for definition in carrying])
    )
    numbered = items.to_native().with_row_index("owner").with_columns(pl.col("owner").cast(pl.Int64))
    # Of several items at one moment the first by name is taken, so that the order of rows does not matter.
    moments = seen.select("account", "at", "item").unique().sort("at", "item").unique(["account", "at"], keep="first")
    found = (
        past.complaints.to_native()
        .sort("at")
        .join_asof(
            moments.sort("at"),
            on="at",
            by="account",
            strategy="nearest",
            tolerance=SAME_MOMENT,
            check_sortedness=False,
        )
        .join(numbered, on=["account", "item"], how="left")
    )
    known = pl.col("owner").is_not_null()
    return found.filter(known).select("owner", "at"), found.filter(~known).select(owner="account", at="at")
