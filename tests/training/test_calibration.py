"""Slope and shift of the risk: taken where many complaints ask for them, hardly where few do."""

import numpy as np
import pytest

from training import calibration


def _weeks(rows, slope=1.0, shift=0.0, seed=0):
    """Log-odds that a model said, and outcomes of slope x them + shift."""
    draw = np.random.default_rng(seed)
    said = draw.normal(-2, 1.5, rows)
    return said, draw.random(rows) < 1 / (1 + np.exp(-slope * said - shift)), np.ones(rows)


@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.0), (1.3, 0.4), (0.8, -0.3)])
def test_many_weeks_give_the_slope_and_shift_that_they_were_drawn_with(slope, shift):
    assert calibration.of(*_weeks(60_000, slope, shift)) == pytest.approx((slope, shift), abs=0.05)


def test_few_weeks_move_little():
    many, few = (calibration.of(*_weeks(rows, 1.0, 0.8)) for rows in (60_000, 60))

    assert many[1] == pytest.approx(0.8, abs=0.05)
    assert 0 < few[1] < 0.4


def test_a_model_that_ranks_upside_down_is_not_turned_round():
    said, came, weight = _weeks(5_000)

    slope, _ = calibration.of(-said - 4, came, weight)

    assert slope == calibration.SLOPES[0]


def test_rows_count_by_their_weight():
    said, came, weight = _weeks(20_000)
    weight[came] = 2.0

    assert calibration.of(said, came, weight)[1] == pytest.approx(np.log(2), abs=0.1)
