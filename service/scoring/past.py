"""What was known of an account by a moment: its observations, its age, its complaints."""

from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

DAY = 86_400_000_000
RATE_DAYS = 180
# Feature of the complaints so far → how it may move the risk.
COMPLAINT_STATS = {"count_28": 1, "count_90": 1, "rate": 1, "days_since": 0}

Frame = nw.DataFrame[Any]


@dataclass(frozen=True)
class History:
    """Frames of some accounts; moments (`at`, `started`) are microseconds since 1970.

    observations: account, metric, at, value, item. complaints: account, at.
    accounts: account, started (the earlier of the agreed start and the first observation; null if neither is known).
    """

    observations: Frame
    complaints: Frame
    accounts: Frame


@dataclass(frozen=True)
class Prior:
    """The portfolio's complaint rates: a gamma distribution of complaints a day, shape `complaints` over `days`.

    An account's own rate is (complaints + its count) / (days + its days): a new account starts at the portfolio's
    rate, an old one is judged by its own.
    """

    complaints: float = 0.5
    days: float = 90.0

    @classmethod
    def fit(cls, counts: NDArray[np.float64], days: NDArray[np.float64]) -> "Prior":
        """Match mean and variance of the accounts' rates; `counts` complaints in `days` days, one entry an account."""
        known = days > 0
        counts, days = counts[known], days[known]
        if counts.sum() == 0 or len(counts) < 2:
            return cls()
        mean = counts.sum() / days.sum()
        between = (days * (counts / days - mean) ** 2).sum() / days.sum()
        # What a Poisson count alone would scatter is no difference between accounts.
        variance = max(between - mean * len(counts) / days.sum(), 0.01 * mean**2)
        return cls(complaints=float(mean**2 / variance), days=float(mean / variance))


def with_age(snapshots: Frame, history: History) -> Frame:
    """Number the snapshots (`row`) and add the account's age in days, null before it is known."""
    rows = snapshots.select("account", "as_of").with_row_index("row").with_columns(nw.col("row").cast(nw.Int64))
    started = history.accounts.select("account", "started")
    rows = rows.join(started, on="account", how="left").sort("row")
    age = (nw.col("as_of") - nw.col("started")) / DAY
    return rows.with_columns(account_age=nw.when(nw.col("started") <= nw.col("as_of")).then(age)).drop("started")


def complaint_stats(history: History, rows: Frame, prior: Prior) -> dict[str, NDArray[np.float64]]:
    """The complaint features of each row, in order. No complaint counts 0; `days_since` is then NaN."""
    known = rows.select("row", "account", "as_of").join(history.complaints, on="account")
    known = known.filter(nw.col("at") <= nw.col("as_of"))
    known = known.with_columns(ago=(nw.col("as_of") - nw.col("at")) / DAY).with_columns(
        (nw.col("ago") < days).cast(nw.Int64).alias(f"in_{days}") for days in (28, 90, RATE_DAYS)
    )
    sums = known.group_by("row").agg(nw.col("ago").min(), nw.col("in_28", "in_90", f"in_{RATE_DAYS}").sum())
    at = sums["row"].to_numpy()
    counts = {}
    for days in (28, 90, RATE_DAYS):
        counts[days] = np.zeros(len(rows))
        counts[days][at] = sums[f"in_{days}"].to_numpy()
    since = np.full(len(rows), np.nan)
    since[at] = sums["ago"].to_numpy()
    days_known = np.nan_to_num(np.clip(rows["account_age"].to_numpy().astype(np.float64), 0, RATE_DAYS))
    rate = (prior.complaints + counts[RATE_DAYS]) / (prior.days + days_known)
    return {"count_28": counts[28], "count_90": counts[90], "rate": rate, "days_since": since}
