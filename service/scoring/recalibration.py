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
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

Numbers = NDArray[np.float64]

HALF_LIFE_DAYS = 14
SPREAD = 0.3
MOST = math.log(2)


def shift(log_odds: Numbers, came: NDArray[Any], weight: Numbers, exposed: Numbers | float = 1.0) -> float:
    """What to add to log-odds that were said without a shift, in [-MOST, MOST]; 0 where nothing is known.

    `came` says of each row whether a complaint followed, `weight` how many outcomes it counts as. `exposed` is what
    operations left of the hazard by acting, in (0, 1]: risks are said as if nobody acts, and what came is held against
    the risk after what was done. Leaving such rows out would leave out those that got worse.
    """

    def too_much(by: float) -> float:
        said = -np.expm1(-exposed * np.logaddexp(0, log_odds + by))
        return float(weight @ (said - came)) + by / SPREAD**2

    if too_much(-MOST) >= 0:
        return -MOST
    if too_much(MOST) <= 0:
        return MOST
    return float(brentq(too_much, -MOST, MOST))


def weights(known_days: NDArray[Any], *, every_days: int, horizon_days: int) -> Numbers:
    """How much outcomes count that have been known for so many days, where an account is scored every `every_days`.

    A complaint follows each of the scores of the horizon before it, but is one piece of evidence: they share it.
    """
    return np.asarray(min(1.0, every_days / horizon_days) * 0.5 ** (np.asarray(known_days) / HALF_LIFE_DAYS))
