"""Folds in time: moments of the past, what was known then, and the weeks that followed.

The newest folds are judged on the validation weeks, on which the alert line is set as well. Only a handful of numbers
is chosen by them (penalty, number of trees, the linear part's share), which promises hardly more than was chosen
without: on the real data, with budgets of 5, 10 and 20 alerts a day, the line promised 99.0, 93.3 and 84.0 % right
alerts; chosen by folds that end before the validation 98.7, 93.2 and 83.9 %. And the newest weeks say most of what to
choose now. The alerts of `headsup backtest` are counted on the test, which neither has seen.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.checks import LEAST_POSITIVES
from training.dataset import Dataset

Rows = NDArray[np.bool_]

MOST_FOLDS = 3
# A fold learns from no more rows than that, drawn by lot.
ROWS_A_FOLD = 10_000


@dataclass(frozen=True)
class Fold:
    """A moment of the past: `known` rows had an outcome by then, `later` rows follow it."""

    known: Rows
    later: Rows


def chained(data: Dataset, train: Rows, validation: Rows) -> list[Fold]:
    """The folds, the newest first: never fewer than the validation weeks as one."""
    rows = train | validation
    weeks = np.unique(data.as_of[rows])
    step = -(-len(np.unique(data.as_of[validation])) // 2)
    found: list[Fold] = []
    least = LEAST_POSITIVES
    for end in range(len(weeks), step, -step):
        block = weeks[end - step : end]
        fold = Fold(rows & (data.as_of <= block[0] - data.horizon), rows & np.isin(data.as_of, block))
        known = positives(data, fold.known)
        if known < least or positives(data, fold.later) < LEAST_POSITIVES // 3 or len(found) == MOST_FOLDS:
            break
        found.append(fold)
        # A fold that knew much less than is known now says little of what to choose now.
        least = max(least, known // 2)
    return found or [Fold(train, validation)]


def drawn(rows: Rows, seed: int) -> NDArray[np.int64]:
    """No more than ROWS_A_FOLD of the rows, in their order."""
    places = np.flatnonzero(rows)
    if len(places) <= ROWS_A_FOLD:
        return places
    return np.sort(np.random.default_rng(seed).choice(places, ROWS_A_FOLD, replace=False))


def positives(data: Dataset, rows: Rows) -> int:
    return int((data.label[rows] & (data.weight[rows] > 0)).sum())
