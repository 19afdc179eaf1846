"""The numbers behind a report: curves, intervals and groups of a test's rows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

from training import evaluation
from training.dataset import Dataset

Numbers = NDArray[np.float64]
Labels = NDArray[np.bool_]

CURVE_POINTS = 200
# Groups smaller than that say more about chance than about the model.
LEAST_GROUP = 50


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
        least, most = (_rounded(edge) for edge in (volume[rows].min(), volume[rows].max()))
        name = f"volume {least}" if least == most else f"volume {least} to {most}"
        groups.append(_group(name, test, risk, rows))
    return groups if len(groups) > 1 else []


def by_segment(test: Dataset, risk: Numbers, names: NDArray[np.str_]) -> list[Group]:
    """Groups by each row's segment, the largest first; small ones together. None where there is only one group."""
    known, counts = np.unique(names, return_counts=True)
    large = [str(known[place]) for place in np.argsort(-counts, kind="stable") if counts[place] >= LEAST_GROUP][:12]
    groups = [_group(name, test, risk, names == name) for name in large]
    small = ~np.isin(names, large)
    if small.any():
        groups.append(_group("all others", test, risk, small))
    return groups if len(groups) > 1 else []


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


def _rounded(amount: float) -> str:
    return f"{amount:,.0f}" if amount >= 10 else f"{amount:,.2g}"
