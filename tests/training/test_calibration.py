"""Slope and shift of the risk: taken where many complaints ask for them, hardly where few do."""

import numpy as np
import pytest

from service.scoring.past import DAY
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


WEEK, HORIZON = 7 * DAY, 14 * DAY


def _lived(rows=4_000, weeks=8, shift=0.4):
    """Weekly snapshots of which more complain than was said, from the first week on."""
    said, _, weight = _weeks(rows * weeks)
    came = np.random.default_rng(1).random(rows * weeks) < 1 / (1 + np.exp(-said - shift))
    return said, came, weight, np.repeat(np.arange(weeks) * WEEK, rows), HORIZON


def test_each_week_is_said_by_what_was_known_when_it_began():
    said, came, weight, as_of, horizon = _lived()

    moved = calibration.as_lived(said, came, weight, as_of, horizon) - said

    assert (moved[as_of < HORIZON] == 0).all()
    assert moved[as_of == HORIZON] == pytest.approx(0.4, abs=0.08)
    assert moved[as_of == 7 * WEEK] == pytest.approx(0.4, abs=0.05)


def test_what_comes_later_changes_nothing_that_was_said():
    said, came, weight, as_of, horizon = _lived()
    later = as_of > 3 * WEEK

    before, after = (
        calibration.as_lived(said, labels, weight, as_of, horizon) for labels in (came, np.where(later, ~came, came))
    )

    assert (before[as_of <= 5 * WEEK] == after[as_of <= 5 * WEEK]).all()
    assert (before[as_of > 5 * WEEK] != after[as_of > 5 * WEEK]).all()
