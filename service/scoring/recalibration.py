"""Recalibration between trainings: one shift of all log-odds, by what came of the risks of the last weeks. Pure.

A model of January does not know that many more will complain in March. Its order of the accounts stays good; the level
of its risks does not, and reps are told that level ("about 7 in 10 accounts like this complained"). So whatever has
become known since pulls all risks up or down together until as many complained as were said to. Old outcomes fade by
half every two weeks. Few prove little, so the shift is drawn towards 0, as a training's own is (its spread is the one
of training.calibration), and it never more than doubles or halves the odds: outcomes that stop coming must not talk
all alerts away.

docs/decisions/13-the-level-follows-outcomes.md has what this was judged by, before it was held against any test.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.scoring.trained import sigmoid

Numbers = NDArray[np.float64]

HALF_LIFE_DAYS = 14
SPREAD = 0.3
MOST = math.log(2)
NEWTON_STEPS, ENOUGH = 30, 1e-9


def shift(log_odds: Numbers, came: NDArray[Any], weight: Numbers) -> float:
    """What to add to log-odds that were said without a shift, in [-MOST, MOST]; 0 where nothing is known.

    `came` is the share of each row, in [0, 1], that a complaint followed; `weight` how many outcomes it counts as.
    """
    found = 0.0
    for _ in range(NEWTON_STEPS):
        said = sigmoid(log_odds + found)
        slope = float(weight @ (said - came)) + found / SPREAD**2
        step = slope / (float(weight @ (said * (1 - said))) + 1 / SPREAD**2)
        found -= min(max(step, -1.0), 1.0)
        if abs(step) < ENOUGH:
            break
    return min(max(found, -MOST), MOST)


def weights(known_days: NDArray[Any], *, every_days: int, horizon_days: int) -> Numbers:
    """How much outcomes count that have been known for so many days, where an account is scored every `every_days`.

    A complaint follows each of the scores of the horizon before it, but is one piece of evidence: they share it.
    """
    return np.asarray(min(1.0, every_days / horizon_days) * 0.5 ** (np.asarray(known_days) / HALF_LIFE_DAYS))


def of_bins(days: Sequence[tuple[Sequence[Sequence[float]], float, int]], *, horizon_days: int) -> float:
    """The shift by days of scores: the bins of each ([accounts, sum of risks, complained]), its shift, its age."""
    rows = [
        (count, said / count, complained / count, shifted, known_days)
        for bins, shifted, known_days in days
        for count, said, complained in bins
        if count
    ]
    if not rows:
        return 0.0
    count, said, came, shifted, known_days = np.array(rows, dtype=np.float64).T
    said = np.clip(said, 1e-6, 1 - 1e-6)
    weight = count * weights(known_days, every_days=1, horizon_days=horizon_days)
    return shift(np.log(said / (1 - said)) - shifted, came, weight)
