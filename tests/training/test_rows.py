"""Which rows a fit learns from: all of a few, of many a lot that stands for them."""

import numpy as np
import pytest

from service.scoring.past import DAY, Prior
from training import rows
from training.dataset import Complaints, Dataset

WEEKS, ACCOUNTS = 60, 2_000


@pytest.fixture(scope="module")
def many():
    as_of = np.tile(np.arange(WEEKS) * 7 * DAY, ACCOUNTS)
    nobody, none = Complaints(np.zeros(0, int), np.zeros(0, int)), np.zeros(len(as_of), bool)
    return Dataset(np.repeat(np.arange(ACCOUNTS), WEEKS), as_of, np.zeros((len(as_of), 0), np.float32), none,
                   np.ones(len(as_of)), (), (), Prior(), nobody, horizon_days=14)  # fmt: skip


def test_few_rows_are_all_learned_from(many):
    some = many.account < 100

    places, weight = rows.drawn(many, some, 0, seed=0)

    np.testing.assert_array_equal(places, np.flatnonzero(some))
    assert (weight == 1).all()


def test_of_many_rows_about_as_many_are_drawn_as_a_fit_may_have(many):
    places, weight = rows.drawn(many, np.ones(len(many.label), bool), 0, seed=0)

    assert len(places) == pytest.approx(rows.FIT_ROWS, rel=0.02)
    assert len(np.unique(places)) == len(places)
    assert weight == pytest.approx(1)


def test_what_counts_for_less_is_drawn_less_often_and_then_counts_like_the_others(many):
    places, weight = rows.drawn(many, np.ones(len(many.label), bool), 26, seed=0)

    drawn = np.bincount((many.as_of[places] // (7 * DAY)).astype(int), minlength=WEEKS)
    assert drawn[33] / drawn[59] == pytest.approx(0.5, abs=0.1)
    assert weight == pytest.approx(1)


def test_rows_that_count_for_nothing_are_never_drawn(many):
    many.weight[many.account >= 1_500] = 0

    places, weight = rows.drawn(many, np.ones(len(many.label), bool), 0, seed=0)

    many.weight[:] = 1
    assert many.account[places].max() < 1_500
    assert np.isfinite(weight).all()


def test_the_same_seed_draws_the_same_rows(many):
    everything = np.ones(len(many.label), bool)

    first, again, other = (rows.drawn(many, everything, 26, seed=seed)[0] for seed in (0, 0, 1))

    np.testing.assert_array_equal(first, again)
    assert len(first) != len(other) or (first != other).any()
