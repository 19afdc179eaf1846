"""How good a ranking and its probabilities are, in the measures that operations would ask for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from service.scoring.past import DAY
from training.dataset import Complaints, Dataset

Numbers = NDArray[np.float64]
Labels = NDArray[np.bool_]
BINS = 10
FLAGGED_SHARE = 0.10
QUIET_DAYS = 14
LOTS = 40


@dataclass(frozen=True)
class Prediction:
    """`score` ranks the rows of a test; `risk` is its probability, in [0, 1]."""

    score: Numbers
    risk: Numbers


def measures(test: Dataset, predicted: Prediction) -> dict[str, float | None]:
    """All measures of one predictor on the rows of a test. None where a measure has no meaning."""
    found = ranking(test.label, predicted.score, test.as_of)
    bounded = np.clip(predicted.risk, 1e-9, 1 - 1e-9)
    found["brier"] = float(((predicted.risk - test.label) ** 2).mean())
    found["log_loss"] = float(-np.where(test.label, np.log(bounded), np.log(1 - bounded)).mean())
    found["calibration_error"] = calibration_error(test.label, predicted.risk)
    found["lead_days_median"] = lead_days_median(test, predicted.score)
    return found


def ranking(label: Labels, score: Numbers, as_of: NDArray[np.int64]) -> dict[str, float | None]:
    """How well a score puts the rows with a label first. None where a measure has no meaning."""
    both = 0 < label.sum() < len(label)
    found: dict[str, float | None] = {
        "roc_auc": float(roc_auc_score(label, score)) if both else None,
        "average_precision": float(average_precision_score(label, score)) if both else None,
    }
    for share in (0.05, 0.10):
        precision, recall = at_top(label, score, as_of, share)
        found[f"precision_at_{share:.0%}".replace("%", "pct")] = precision
        found[f"recall_at_{share:.0%}".replace("%", "pct")] = recall
    return found


def by_lot(test: Dataset) -> Numbers:
    """Average precision of orders of the accounts that know nothing, each kept through all weeks; lowest first.

    It lies above the share of rows with a label: an account's complaint counts for two weeks or more in a row, and an
    order that keeps them together gains by luck more than it loses. Whatever does no better knows nothing.
    """
    _, account = np.unique(test.account, return_inverse=True)
    draw = np.random.default_rng(0)
    orders = (draw.permutation(account.max() + 1)[account] for _ in range(LOTS))
    return np.sort([average_precision_score(test.label, order) for order in orders])


def at_top(label: Labels, score: Numbers, as_of: NDArray[np.int64], share: float) -> tuple[float | None, float | None]:
    """Precision and recall of each week's top accounts, averaged over the weeks.

    Accounts with the same score at the edge count in part: what picking among them by lot would give.
    """
    precisions, recalls = [], []
    for rows in weeks(as_of):
        size = int(np.ceil(share * len(rows)))
        edge = np.sort(score[rows])[-size]
        above, tied = rows[score[rows] > edge], rows[score[rows] == edge]
        hits = label[above].sum() + (size - len(above)) * label[tied].mean()
        precisions.append(hits / size)
        if label[rows].any():
            recalls.append(hits / label[rows].sum())
    return _mean(precisions), _mean(recalls)


def calibration_error(label: Labels, risk: Numbers) -> float:
    """Mean distance between risk and outcome over ten bins with as many rows each."""
    order = np.argsort(risk, kind="stable")
    gaps = [
        abs(risk[rows].mean() - label[rows].mean()) * len(rows) for rows in np.array_split(order, BINS) if len(rows)
    ]
    return float(sum(gaps) / len(order))


def lead_days_median(test: Dataset, score: Numbers) -> float | None:
    """How many days before a new complaint its account was first in a week's top tenth; the median of those caught.

    New: no complaint in the 14 days before. Only snapshots within the horizon before the complaint count.
    """
    flagged = top(score, test.as_of, lambda rows: int(np.ceil(FLAGGED_SHARE * rows)))
    account, at = _episodes(test)
    accounts = np.unique(test.account)
    code = np.searchsorted(accounts, test.account[flagged])
    # Each account's flagged moments, one account after the other on one axis.
    length = int(max(test.as_of.max(), at.max(initial=0))) + 1
    moments = np.sort(code * length + test.as_of[flagged])
    start = np.searchsorted(accounts, account) * length
    first = np.searchsorted(moments, start + np.maximum(at - test.horizon, 0), side="left")
    found = moments[np.minimum(first, len(moments) - 1)] - start
    caught = (first < len(moments)) & (found >= 0) & (found < at)
    return float(np.median((at - found)[caught]) / DAY) if caught.any() else None


def top(score: Numbers, as_of: NDArray[np.int64], size: Callable[[int], int]) -> Labels:
    """Flag each week's top accounts, so many as `size` says of so many rows; equal scores by lot."""
    flagged = np.zeros(len(score), dtype=bool)
    draw = np.random.default_rng(0).random(len(score))
    for rows in weeks(as_of):
        flagged[rows[np.lexsort((draw[rows], score[rows]))[-size(len(rows)) :]]] = True
    return flagged


def weeks(as_of: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """The rows of each snapshot moment."""
    order = np.argsort(as_of, kind="stable")
    edges = np.flatnonzero(np.diff(as_of[order])) + 1
    return iter(np.split(order, edges))


def _episodes(test: Dataset) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Account and moment of each new complaint within reach of the test's snapshots."""
    known = test.complaints
    reach = (known.at > test.as_of.min()) & (known.at <= test.as_of.max() + test.horizon)
    chosen = new_episodes(known) & reach & np.isin(known.account, np.unique(test.account))
    return known.account[chosen], known.at[chosen]


def new_episodes(known: Complaints) -> Labels:
    """Which complaints had none of the same account in the 14 days before; the others repeat."""
    if not len(known.at):
        return np.zeros(0, dtype=bool)
    same = np.append(False, known.account[1:] == known.account[:-1])
    return ~(same & (np.append(0, np.diff(known.at)) <= QUIET_DAYS * DAY))


def _mean(numbers: list[float]) -> float | None:
    return float(np.mean(numbers)) if numbers else None
