"""More complaints than usual: how many that takes, and how likely they are.

Large accounts always complain a little, so the risk of any complaint ranks by size. The rise asks for so many that
at most one in ten such accounts would have them by chance, were it to complain at its usual rate: the least n >= 1
with P(N >= n) <= 0.10, N Poisson.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]

UNUSUAL = 0.10


def needed(mean: Numbers) -> Counts:
    """The least n >= 1 with P(N >= n) <= 0.10, N Poisson with this mean."""
    found = np.ones(len(mean), np.int64)
    # P(N >= n) of a Poisson mean is the regularised incomplete gamma function.
    while (common := gammainc(found, mean) > UNUSUAL).any():
        found[common] += 1
    return found


def chance(risk: Numbers, least: Counts) -> Numbers:
    """Probability of at least so many complaints, where `risk` is that of at least one.

    A Poisson count whose chance of none is 1 - risk has the mean -log(1 - risk).
    """
    mean = -np.log1p(-np.clip(risk, 0, 1 - 1e-12))
    return np.asarray(gammainc(least, mean))
