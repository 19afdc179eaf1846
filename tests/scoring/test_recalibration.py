"""The level of the risks follows what comes of them: as far as many outcomes say, hardly where few do."""

import numpy as np
import pytest

from service.scoring import recalibration
from service.scoring.trained import sigmoid


def _said(rows, shift, seed=0):
    """Log-odds that were said, and outcomes of them moved by `shift`."""
    draw = np.random.default_rng(seed)
    said = draw.normal(-2, 1.2, rows)
    return said, draw.random(rows) < sigmoid(said + shift), np.ones(rows)


@pytest.mark.parametrize("shift", [-0.4, 0.0, 0.5])
def test_many_outcomes_move_the_risks_to_where_they_are(shift):
    assert recalibration.shift(*_said(60_000, shift)) == pytest.approx(shift, abs=0.04)


def test_few_outcomes_move_them_little():
    assert 0 < recalibration.shift(*_said(60, 0.6)) < 0.35


def test_nothing_known_moves_nothing():
    assert recalibration.shift(np.empty(0), np.empty(0), np.empty(0)) == 0.0


@pytest.mark.parametrize(("shift", "factor"), [(-6.0, 0.5), (3.0, 2.0)])
def test_the_odds_are_at_most_doubled_or_halved(shift, factor):
    assert np.exp(recalibration.shift(*_said(60_000, shift))) == pytest.approx(factor)


def test_old_outcomes_count_less_than_new_ones():
    (said, before, weight), (_, lately, _) = _said(30_000, -0.4), _said(30_000, 0.4)
    faded = recalibration.weights(np.full(30_000, 42), every_days=1, horizon_days=1) * weight

    found = recalibration.shift(np.tile(said, 2), np.append(before, lately), np.append(faded, weight))

    assert found == pytest.approx(0.4 - 0.8 / 9, abs=0.06)


def test_a_complaint_counts_once_for_all_the_scores_before_it():
    daily, weekly = (recalibration.weights(np.zeros(1), every_days=days, horizon_days=14) for days in (1, 7))

    assert (14 * daily[0], 2 * weekly[0]) == pytest.approx((1, 1))


def test_what_operations_kept_away_is_no_sign_of_low_risks():
    said, _, weight = _said(60_000, 0.0)
    left = np.where(said > 0, 0.4, 1.0)
    came = np.random.default_rng(1).random(60_000) < -np.expm1(-left * np.logaddexp(0, said))

    found, ignoring = recalibration.shift(said, came, weight, left), recalibration.shift(said, came, weight)

    assert found == pytest.approx(0, abs=0.03)
    assert ignoring < -0.1
