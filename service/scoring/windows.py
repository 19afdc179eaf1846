"""From observations to sums over the days before each snapshot: the heavy part of the features."""

from collections.abc import Sequence

import narwhals as nw

from service.scoring.definitions import LAST, MEAN, SUM, Definition
from service.scoring.past import DAY, Frame

PAST_FROM, PAST_TO = 28, 118
DAY_KEY = ("account", "metric", "day")


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
        .with_columns(until=nw.col("day").shift(-1).over("account", "metric", order_by="day"))
        .select(*DAY_KEY, "value", "part", "weight", "off", "sign", "until")
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


def summed(cells: Frame, rows: Frame, definitions: Sequence[Definition]) -> Frame:
    """Sums for each snapshot and metric that has a value in the last 118 days."""
    seen = _seen(cells, rows.select("row", "account", "day"))
    sums = _recent(seen.filter(nw.col("age") < PAST_FROM)).join(
        _earlier(seen.filter(nw.col("age") >= PAST_FROM)), on=["row", "metric"], how="full"
    )
    sums = sums.with_columns(
        row=nw.coalesce(nw.col("row"), nw.col("row_right")),
        metric=nw.coalesce(nw.col("metric"), nw.col("metric_right")),
        last=nw.coalesce(nw.col("last"), nw.col("last_right")),
        age=nw.coalesce(nw.col("age"), nw.col("age_right")),
    )
    facts = _facts(definitions, cells).with_columns(is_sum=nw.col("combine") == SUM)
    return sums.join(facts, on="metric").join(rows.select("row", "account_age"), on="row")


def _seen(cells: Frame, rows: Frame) -> Frame:
    """Pair each snapshot with the days that it may look back on.

    Both sides are cut into blocks of 128 days, so that a pair is only tried where it can be within 118 days.
    """
    block = 128
    now = rows.with_columns(block=nw.col("day") // block)
    before = now.with_columns(block=nw.col("block") - 1)
    tried = nw.concat([now, before]).rename({"day": "now"})
    pairs = cells.with_columns(block=nw.col("day") // block).join(tried, on=["account", "block"])
    pairs = pairs.with_columns(age=nw.col("now") - nw.col("day")).filter(
        (nw.col("age") >= 0) & (nw.col("age") < PAST_TO)
    )
    newest = nw.col("until").is_null() | (nw.col("until") > nw.col("now"))
    return pairs.with_columns(newest=nw.when(newest).then(nw.col("value")))


def _recent(seen: Frame) -> Frame:
    """Sums over the last 28 days."""
    week = nw.col("age") < 7
    seen = seen.with_columns(
        part_7=nw.when(week).then(nw.col("part")),
        weight_7=nw.when(week).then(nw.col("weight")),
        worst=nw.when(week).then(nw.col("value") * nw.col("sign")),
        age_2=nw.col("age") * nw.col("age"),
        age_value=nw.col("age") * nw.col("value"),
    )
    return seen.group_by("row", "metric").agg(
        nw.col("newest").max().alias("last"),
        nw.col("age").min(),
        nw.col("part_7").sum(),
        nw.col("weight_7").sum(),
        nw.col("part").sum().alias("part_28"),
        nw.col("weight").sum().alias("weight_28"),
        nw.col("worst").max(),
        nw.col("off").mean().alias("off_28"),
        nw.len().alias("days"),
        nw.col("age").sum().alias("sum_age"),
        nw.col("age_2").sum(),
        nw.col("value").sum().alias("sum_value"),
        nw.col("age_value").sum(),
    )


def _earlier(seen: Frame) -> Frame:
    """Sums over the own past, 28 to 118 days ago, and the part of it within 90 days."""
    quarter = nw.col("age") < 90
    seen = seen.with_columns(
        part_to_90=nw.when(quarter).then(nw.col("part")),
        weight_to_90=nw.when(quarter).then(nw.col("weight")),
        square=nw.col("value") * nw.col("value"),
    )
    return seen.group_by("row", "metric").agg(
        nw.col("newest").max().alias("last"),
        nw.col("age").min(),
        nw.col("part_to_90").sum(),
        nw.col("weight_to_90").sum(),
        nw.col("part").sum().alias("part_past"),
        nw.col("weight").sum().alias("weight_past"),
        nw.col("value").std().alias("spread_days"),
        nw.col("square").sum(),
        nw.len().alias("days_past"),
    )
