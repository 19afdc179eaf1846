"""The numbers behind a report: curves, intervals and groups of a test's rows."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

from training import evaluation
from training.dataset import Dataset

Numbers = NDArray[np.float64]
Labels = NDArray[np.bool_]

RESAMPLES = 200
CURVE_POINTS = 200
# Groups smaller than that say more about chance than about the model.
LEAST_GROUP = 50


@dataclass(frozen=True)
class Interval:
    """A measure and where 95 of 100 resamples of the accounts put it; `samples` in the order of the draws."""

    value: float
    low: float
    high: float
    samples: Numbers


@dataclass(frozen=True)
class Bin:
    """Account-weeks with about the same risk: the mean risk, the share that complained, how many they are."""

    risk: float
    complained: float
    rows: int


@dataclass(frozen=True)
class Group:
    """How the model does on some of the accounts. None where there is only one outcome."""

    name: str
    rows: int
    base: float
    risk: float
    average_precision: float | None
    roc_auc: float | None


def average_precision(account: NDArray[np.int64], label: Labels, score: Numbers, *, seed: int) -> Interval:
    """Average precision with its interval by bootstrap over accounts, which repeat themselves from week to week.

    The same seed draws the same accounts for every score, so two scores can be compared draw by draw.
    """
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(order) - 1)
    codes = np.unique(account, return_inverse=True)[1][order]
    hits = label[order].astype(np.float64)
    draw, count = np.random.default_rng(seed), int(codes.max()) + 1
    samples = []
    for _ in range(RESAMPLES):
        weight = np.bincount(draw.integers(count, size=count), minlength=count)[codes].astype(np.float64)
        found = _weighted_precision(hits, weight, ends)
        if found is not None:
            samples.append(found)
    low, high = np.quantile(samples, [0.025, 0.975]).tolist()
    return Interval(float(average_precision_score(label, score)), low, high, np.array(samples))


def precision_recall(label: Labels, score: Numbers) -> list[tuple[float, float]]:
    """Points (share caught, share right) from few alerts to many, thinned to what a picture can show."""
    precision, recall, _ = precision_recall_curve(label, score)
    # The very first alerts jump between 0 and 1; a curve starts where ten rows are flagged.
    usable = np.flatnonzero(recall * label.sum() / np.maximum(precision, 1e-9) >= 10)
    kept = np.unique(np.linspace(0, len(usable) - 1, CURVE_POINTS).astype(int))
    return [(float(recall[place]), float(precision[place])) for place in usable[kept][::-1]]


def calibration(label: Labels, risk: Numbers) -> list[Bin]:
    """Ten bins with as many rows each, from the calmest on."""
    parts = np.array_split(np.argsort(risk, kind="stable"), evaluation.BINS)
    return [Bin(float(risk[part].mean()), float(label[part].mean()), len(part)) for part in parts if len(part)]


def at_lines(test: Dataset, risk: Numbers) -> list[tuple[float, float, float]]:
    """Alerts a day, share of them right, share of complaint weeks caught, for ever lower lines on the test weeks."""
    order = np.argsort(-risk, kind="stable")
    hits, days = np.cumsum(test.label[order]), 7 * len(np.unique(test.as_of)) * test.thinned_share
    sizes = np.unique(np.geomspace(10, len(order) / 2, CURVE_POINTS).astype(int).clip(1, len(order)))
    return [(size / days, float(hits[size - 1] / size), float(hits[size - 1] / hits[-1])) for size in sizes.tolist()]


def by_week(test: Dataset, risk: Numbers, share: float) -> list[float]:
    """Precision among each week's top accounts, week by week."""
    found = [
        evaluation.at_top(test.label[rows], risk[rows], test.as_of[rows], share)[0]
        for rows in evaluation.weeks(test.as_of)
    ]
    return [value for value in found if value is not None]


def base_by_week(test: Dataset) -> list[float]:
    """The share of all accounts that complained, week by week."""
    return [float(test.label[rows].mean()) for rows in evaluation.weeks(test.as_of)]


def by_size(test: Dataset, risk: Numbers, volume: Numbers) -> list[Group]:
    """Quarters of the account-weeks by volume; fewer where many share a volume, none where all do."""
    edges = np.unique(np.quantile(volume, [0.25, 0.5, 0.75]))
    place = np.searchsorted(edges, volume, side="left")
    groups = []
    for number in np.unique(place):
        rows = place == number
        least, most = f"{volume[rows].min():,.4g}", f"{volume[rows].max():,.4g}"
        name = f"volume {least}" if least == most else f"volume {least} to {most}"
        groups.append(_group(name, test, risk, rows))
    return groups if len(groups) > 1 else []


def by_segment(test: Dataset, risk: Numbers, segments: Mapping[int, str | None]) -> list[Group]:
    """Groups by the account's segment, the largest first; small ones together. None where there is only one group."""
    names = np.array([segments.get(account) or "without a segment" for account in test.account.tolist()])
    known, counts = np.unique(names, return_counts=True)
    large = [str(known[place]) for place in np.argsort(-counts, kind="stable") if counts[place] >= LEAST_GROUP][:12]
    groups = [_group(name, test, risk, names == name) for name in large]
    small = ~np.isin(names, large)
    if small.any():
        groups.append(_group("all others", test, risk, small))
    return groups if len(groups) > 1 else []


def ahead(first: Interval, second: Interval) -> float:
    """The share of the resamples in which the first is better."""
    return float((first.samples > second.samples).mean())


def _group(name: str, test: Dataset, risk: Numbers, rows: Labels) -> Group:
    label, score = test.label[rows], risk[rows]
    both = 0 < label.sum() < len(label)
    return Group(
        name,
        len(label),
        float(label.mean()),
        float(score.mean()),
        float(average_precision_score(label, score)) if both else None,
        float(roc_auc_score(label, score)) if both else None,
    )


def _weighted_precision(hits: Numbers, weight: Numbers, ends: NDArray[np.int64]) -> float | None:
    """Average precision of ranked rows; `ends` are the last rows of each run of equal scores."""
    true, seen = np.cumsum(hits * weight)[ends], np.cumsum(weight)[ends]
    if not true[-1]:
        return None
    gained = np.diff(true, prepend=0.0)
    return float((gained * true / np.maximum(seen, 1.0)).sum() / true[-1])
