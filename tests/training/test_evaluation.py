"""The measures, on cases small enough to work out by hand."""

import numpy as np
import pytest

from service.scoring.features import Column
from service.scoring.past import DAY, Prior
from training import evaluation
from training.dataset import Complaints, Dataset


def _dataset(account, week, label, complaints=(), quiet=()):
    """Rows of a test; complaints are (account, day), `quiet` the accounts that had none in the four weeks before."""
    lately = ~np.isin(account, quiet)
    known = np.array(sorted(complaints), dtype=np.int64).reshape(-1, 2)
    return Dataset(
        account=np.array(account),
        as_of=np.array(week) * 7 * DAY,
        values=lately[:, None].astype(np.float32),
        label=np.array(label, dtype=bool),
        weight=np.ones(len(account)),
        columns=(Column("complaints", "count_28"),),
        definitions=(),
        prior=Prior(),
        complaints=Complaints(known[:, 0], known[:, 1] * DAY),
        horizon_days=14,
    )


def test_precision_and_recall_are_those_of_each_week_s_top_averaged():
    label = np.array([1, 0, 0, 1, 0, 1, 1, 0], dtype=bool)
    score = np.array([0.9, 0.8, 0.7, 0.1, 0.2, 0.8, 0.9, 0.4])
    as_of = np.repeat([0, 1], 4)

    precision, recall = evaluation.at_top(label, score, as_of, 0.5)

    assert (precision, recall) == (pytest.approx((1 / 2 + 2 / 2) / 2), pytest.approx((1 / 2 + 2 / 2) / 2))


def test_equal_scores_at_the_edge_count_as_if_drawn_by_lot():
    label = np.array([1, 1, 0, 0, 0], dtype=bool)
    score = np.array([0.9, 0.5, 0.5, 0.5, 0.1])

    precision, recall = evaluation.at_top(label, score, np.zeros(5), 0.4)

    assert precision == pytest.approx((1 + 1 / 3) / 2)
    assert recall == pytest.approx((1 + 1 / 3) / 2)


def test_the_calibration_error_is_the_mean_gap_between_risk_and_outcome():
    risk = np.repeat([0.1, 0.9], 50)
    label = np.arange(100) % 10 == 0

    assert evaluation.calibration_error(label, risk) == pytest.approx((0.0 + 0.8) / 2)


def test_an_order_by_lot_is_the_same_each_time_and_better_than_the_share_with_complaints():
    account, week = np.tile(np.arange(200), 8), np.repeat(np.arange(8), 200)
    complained = np.random.default_rng(1).random((9, 200)) < 0.035
    test = _dataset(account, week, (complained[:-1] | complained[1:]).ravel())

    lots = evaluation.by_lot(test)

    assert (lots == evaluation.by_lot(test)).all()
    assert (lots == np.sort(lots)).all()
    assert test.label.mean() < lots.mean() < 1.3 * test.label.mean()


def test_a_head_start_runs_from_the_first_flag_within_the_horizon():
    account, week = np.tile(np.arange(10), 3), np.repeat([0, 1, 2], 10)
    score = (account == 3) * (week < 2) * 1.0
    test = _dataset(account, week, account == 3, complaints=[(3, 10), (3, 12), (5, 9)])

    assert evaluation.lead_days_median(test, score) == 10


def test_a_complaint_that_repeats_one_of_the_last_two_weeks_is_no_new_episode():
    account, week = np.tile(np.arange(10), 3), np.repeat([0, 1, 2], 10)
    test = _dataset(account, week, account == 3, complaints=[(3, -5), (3, 5)])

    assert evaluation.lead_days_median(test, (account == 3) * 1.0) is None


def test_measures_without_a_meaning_are_none():
    test = _dataset([1, 2], [0, 0], [0, 0])

    found = evaluation.measures(test, evaluation.Prediction(np.array([0.1, 0.2]), np.array([0.1, 0.2])))

    assert (found["roc_auc"], found["average_precision"], found["recall_at_5pct"]) == (None, None, None)
    assert found["brier"] == pytest.approx((0.01 + 0.04) / 2)
