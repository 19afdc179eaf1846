"""How far the values of features have moved: the population stability index; pure.

PSI = sum over bins of (share now - share then) * ln(share now / share then). The bins hold a tenth each of the values
then, and one the missing. Rules of thumb call 0.1 small and 0.25 large; a small sample reaches that by chance alone,
so what chance would give is taken off.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 10
# Added to each bin, in rows: an empty bin must not make the index infinite.
SMOOTHING = 0.5

Values = NDArray[np.float32]


def reference(values: Values, accounts: int) -> dict[str, Any]:
    """What a model's card keeps of a feature: upper edges of the bins, share of each, and last the missing."""
    known = values[~np.isnan(values)].astype(np.float64)
    quantiles = np.quantile(known, np.arange(1, BINS) / BINS) if len(known) else np.zeros(0)
    edges = sorted({float(f"{edge:.6g}") for edge in quantiles})
    counts = _counts(values, edges)
    return {"edges": edges, "shares": [round(float(share), 5) for share in counts / counts.sum()], "accounts": accounts}


def index(then: Mapping[str, Any], now: Values) -> float:
    """The PSI of a feature beyond what chance alone would show between samples of these sizes; 0 at least."""
    edges: Sequence[float] = then["edges"]
    counts = _counts(now, edges)
    rows, bins = max(1, len(now)), len(counts)
    now_shares = (counts + SMOOTHING) / (rows + SMOOTHING * bins)
    accounts = max(1, int(then["accounts"]))
    then_shares = (np.array(then["shares"]) * accounts + SMOOTHING) / (accounts + SMOOTHING * bins)
    found = float(((now_shares - then_shares) * np.log(now_shares / then_shares)).sum())
    return max(0.0, found - (bins - 1) * (1 / rows + 1 / accounts))


def missing_then(then: Mapping[str, Any]) -> float:
    """The share of rows without a value when the model was trained."""
    return float(then["shares"][-1])


def over(then: Mapping[str, Any], now: Values) -> list[float] | None:
    """The edge at which most has moved, and the shares of the known values above it, now and then; None without one."""
    edges: Sequence[float] = then["edges"]
    found, was = _counts(now, edges)[:-1], np.array(then["shares"])[:-1]
    if not edges or not found.sum() or not was.sum():
        return None
    above, above_then = (1 - np.cumsum(each)[:-1] / each.sum() for each in (found, was))
    place = int(np.argmax(np.abs(above - above_then)))
    return [edges[place], round(float(above[place]), 4), round(float(above_then[place]), 4)]


def _counts(values: Values, edges: Sequence[float]) -> NDArray[np.float64]:
    lost = np.isnan(values)
    place = np.searchsorted(np.array(edges), values[~lost].astype(np.float64), side="left")
    return np.append(np.bincount(place, minlength=len(edges) + 1), lost.sum()).astype(np.float64)
