"""Features look back and never forward, and are the same wherever they are made."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from service.scoring import features
from service.scoring.features import build
from service.scoring.past import Prior
from tests.scoring import frames
from tests.scoring.frames import ALL, LATE, OPEN, ORDERS

PRIOR = Prior(0.5, 90.0)


def _row(observed, *definitions, complained=(), days=400):
    built = build(frames.history(observed, complained, days=days), frames.snapshots((1, 0)), definitions, PRIOR)
    return built.stats(0)


@pytest.mark.parametrize("seed", range(5))
def test_nothing_observed_after_the_snapshot_changes_a_number(seed):
    observed, complained, accounts = frames.chance(seed)
    moments = frames.snapshots(*[(account, ago) for account in accounts for ago in (0, 7, 28)])
    known = [row for row in observed if row[2] >= 28]
    known_complaints = [row for row in complained if row[1] >= 28]

    whole = build(frames.history(observed, complained, accounts), moments, ALL, PRIOR).values
    hidden = build(frames.history(known, known_complaints, accounts), moments, ALL, PRIOR).values

    of_then = np.arange(len(whole)) % 3 == 2
    np.testing.assert_array_equal(whole[of_then], hidden[of_then])
    assert not np.array_equal(whole[~of_then], hidden[~of_then], equal_nan=True)


@pytest.mark.parametrize("seed", range(5))
def test_training_and_serving_give_the_same_numbers(seed):
    observed, complained, accounts = frames.chance(seed)
    weekly = frames.snapshots(*[(account, 7 * week) for account in accounts for week in range(12)])
    recent = [row for row in observed if 0 <= row[2] < 118]
    known = [row for row in complained if row[1] >= 0]

    trained = build(frames.history(observed, complained, accounts), weekly, ALL, PRIOR).values[::12]
    now = frames.snapshots(*[(account, 0) for account in accounts])
    served = build(frames.history(recent, known, accounts), now, ALL, PRIOR).values

    np.testing.assert_array_equal(trained, served)


def test_order_and_repeats_of_rows_do_not_matter():
    observed, complained, accounts = frames.chance(7)
    moments = frames.snapshots(*[(account, 0) for account in accounts])
    shuffled = [observed[i] for i in np.random.default_rng(1).permutation(len(observed))] + observed[:500]

    once = build(frames.history(observed, complained, accounts), moments, ALL, PRIOR).values
    again = build(frames.history(shuffled, complained[::-1], accounts), moments, ALL, PRIOR).values

    np.testing.assert_allclose(once, again, rtol=1e-6)


def test_the_level_is_that_of_the_values_and_the_own_past_that_of_28_to_118_days_ago():
    past = [(1, 1, ago, 0.1 if ago % 2 else 0.3, f"p{ago}") for ago in range(30, 110)]
    week = [(1, 1, 1.0, 1, "a"), (1, 1, 1.0, 0, "b"), (1, 1, 3.0, 1, "c"), (1, 1, 20, 0, "d")]

    found = _row(past + week, LATE)["late_share"]

    assert found["level_7"] == pytest.approx(2 / 3)
    assert (found["level_28"], found["count_28"], found["age"]) == (0.5, 4, 1)
    assert found["last"] == 0.5
    assert found["usual"] == pytest.approx(0.2)
    assert found["change_7"] == pytest.approx((2 / 3 - 0.2) / np.std([0.1, 0.3] * 40, ddof=1), rel=1e-5)
    assert found["off_28"] == pytest.approx(2 / 3)


def test_a_total_is_a_day_s_and_days_without_a_value_count_for_nothing():
    found = _row([(1, 3, ago, 2, f"o{ago}") for ago in (1, 1.5, 5, 20)], ORDERS)["orders"]

    assert found["level_7"] == pytest.approx(6 / 7)
    assert found["level_28"] == pytest.approx(8 / 28)


def test_a_gauge_stands_at_its_last_value_of_the_day():
    found = _row([(1, 2, 0.4, 9, ""), (1, 2, 0.1, 7, ""), (1, 2, 1.1, 2, "")], OPEN)["open_late"]

    assert (found["last"], found["level_7"]) == (7, 4.5)


def test_a_steady_own_past_makes_a_change_large_but_bounded():
    found = _row([(1, 2, ago, 1 if ago > 27 else 50, "") for ago in range(110)], OPEN)["open_late"]

    assert found["change_7"] == features.CHANGE_LIMIT


def test_what_is_missing_stays_missing():
    found = _row([(1, 1, 40, 0.1, "")], LATE, OPEN)

    assert np.isnan(list(found["open_late"].values())).all()
    assert np.isnan(found["late_share"]["level_28"])
    assert (found["late_share"]["last"], found["late_share"]["age"]) == (pytest.approx(0.1), 40)


def test_complaints_count_up_to_the_snapshot_and_the_rate_starts_at_the_portfolio_s():
    found = _row([], LATE, complained=[(1, 0), (1, 10), (1, 60), (1, 200), (1, -3)])["complaints"]

    assert (found["count_28"], found["count_90"], found["days_since"]) == (2, 3, 0)
    assert found["rate"] == pytest.approx((0.5 + 3) / (90 + 180))


def test_scaling_the_unit_of_a_metric_leaves_its_robust_features_alone():
    observed = [(1, 1, ago, 0.02 + (ago % 7) / 100, "") for ago in range(100)]
    larger = [(*row[:3], row[3] * 1000, row[4]) for row in observed]

    small = _row(observed, frames.LATE)["late_share"]
    large = _row(larger, replace(frames.LATE, target=frames.LATE.target * 1000))["late_share"]

    robust = ("change_7", "change_28", "off_28", "age", "count_7", "count_28", "count_90")
    assert 0 < small["off_28"] < 1
    assert [large[stat] for stat in robust] == pytest.approx([small[stat] for stat in robust], rel=1e-5)
    assert large["level_28"] == pytest.approx(1000 * small["level_28"], rel=1e-5)


def test_the_prior_is_the_portfolio_s_mean_rate_and_firmer_where_accounts_are_alike():
    days = np.full(200, 100.0)
    alike = Prior.fit(np.random.default_rng(0).poisson(2.0, 200).astype(float), days)
    different = Prior.fit(np.repeat([0.0, 4.0], 100), days)

    assert alike.complaints / alike.days == pytest.approx(0.02, rel=0.1)
    assert different.complaints / different.days == pytest.approx(0.02)
    assert alike.days > 5 * different.days


def test_snapshots_of_one_call_share_their_time_of_day():
    with pytest.raises(ValueError, match="time of day"):
        build(frames.history([]), frames.snapshots((1, 0), (1, 0.5)), ALL, PRIOR)


def test_no_snapshots_give_no_rows():
    assert build(frames.history([]), frames.snapshots(), ALL, PRIOR).values.shape[0] == 0


def test_columns_are_named_once():
    names = pl.Series([column.name for column in features.columns(ALL)])

    assert names.is_unique().all()
