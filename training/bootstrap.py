"""Intervals by bootstrap over accounts: an account repeats itself from week to week, so whole accounts are drawn.

The same seed draws the same accounts for every measure, so two of them can be compared draw by draw.
"""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]
Labels = NDArray[np.bool_]
Name = TypeVar("Name", bound=Hashable)

RESAMPLES = 200


@dataclass(frozen=True)
class Interval:
    """A measure and where 95 of 100 resamples of the accounts put it; `samples` in the order of the draws."""

    value: float
    low: float
    high: float
    samples: Numbers


@dataclass(frozen=True)
class Share:
    """A share as two sums by account, so that a resample only adds them up anew."""

    part: Numbers
    whole: Numbers

    @classmethod
    def by_account(cls, code: Counts, count: int, part: Numbers, whole: Numbers) -> "Share":
        """Sums of rows whose accounts are numbered by `code`, of `count` accounts."""
        part_sums, whole_sums = (np.bincount(code, each, minlength=count).astype(float) for each in (part, whole))
        return cls(part_sums, whole_sums)

    @property
    def value(self) -> float | None:
        """None where there is nothing to divide by."""
        whole = float(self.whole.sum())
        return float(self.part.sum()) / whole if whole else None


def shares(found: Mapping[Name, Share], *, seed: int) -> dict[Name, Interval]:
    """The intervals of some shares over the same accounts; those without a value are left out."""
    known = {name: (share, share.value) for name, share in found.items()}
    told = {name: (share, value) for name, (share, value) in known.items() if value is not None}
    if not told:
        return {}
    sums = np.column_stack([column for share, _ in told.values() for column in (share.part, share.whole)])
    totals = np.array([weight @ sums for weight in _resamples(len(sums), seed)])
    return {
        name: _interval(
            value, totals[:, 2 * place] / np.where(totals[:, 2 * place + 1], totals[:, 2 * place + 1], np.nan)
        )
        for place, (name, (_, value)) in enumerate(told.items())
    }


def ranking(account: Counts, label: Labels, score: Numbers, *, seed: int) -> dict[str, Interval]:
    """The average precision and the ROC AUC of a score with their intervals; the label has both outcomes."""
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(order) - 1)
    codes = np.unique(account, return_inverse=True)[1][order]
    hits = label[order].astype(np.float64)
    draws = _resamples(int(codes.max()) + 1, seed)
    precision, area = np.array([_measures(hits, weight[codes], ends) for weight in draws]).T
    return {
        "average_precision": _interval(float(average_precision_score(label, score)), precision),
        "roc_auc": _interval(float(roc_auc_score(label, score)), area),
    }


def ahead(first: Interval, second: Interval) -> float:
    """The share of the resamples in which the first is better."""
    return float((first.samples > second.samples).mean())


def _resamples(accounts: int, seed: int) -> Iterator[Numbers]:
    """How often each account was drawn, resample by resample."""
    draw = np.random.default_rng(seed)
    for _ in range(RESAMPLES):
        yield np.bincount(draw.integers(accounts, size=accounts), minlength=accounts).astype(np.float64)


def _interval(value: float, samples: Numbers) -> Interval:
    low, high = np.nanquantile(samples, [0.025, 0.975]).tolist()
    return Interval(value, low, high, samples)


def _measures(hits: Numbers, weight: Numbers, ends: Counts) -> tuple[float, float]:
    """Average precision and ROC AUC of ranked rows; `ends` are the last rows of each run of equal scores.

    NaN where the drawn accounts have only one outcome.
    """
    true, seen = np.cumsum(hits * weight)[ends], np.cumsum(weight)[ends]
    false = seen - true
    if not true[-1] or not false[-1]:
        return np.nan, np.nan
    gained, lost = np.diff(true, prepend=0.0), np.diff(false, prepend=0.0)
    precision = (gained * true / np.maximum(seen, 1.0)).sum() / true[-1]
    area = (gained * (false[-1] - false + lost / 2)).sum() / (true[-1] * false[-1])
    return float(precision), float(area)
