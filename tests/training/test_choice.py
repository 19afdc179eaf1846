"""Which model: by folds in time, each judged on what it could not know."""

import numpy as np
import pytest

from service.scoring.definitions import LAST, Definition
from service.scoring.features import Column
from service.scoring.past import DAY, Prior
from training import choice, fitting, folds, rows
from training.choice import Regression
from training.dataset import Complaints, Dataset

COLUMNS = (
    Column("late", "last", 1),
    Column("late", "level_28", 1),
    Column("open", "last"),
    Column("complaints", "rate", 1),
    Column("warmth", "last"),
)
DEFINITIONS = (
    Definition(1, "late", "Late", better="lower"),
    Definition(2, "open", "Open", combine=LAST, exposure=True),
    Definition(3, "warmth", "Warmth"),
)
ACCOUNTS, WEEKS, HELD_BACK = 150, 40, 8


def company(log_odds, seed=0):
    """Accounts over weeks; `log_odds` of a complaint from (late, late in 28 days, open, own rate, warmth)."""
    draw = np.random.default_rng(seed)
    values = draw.normal(size=(ACCOUNTS * WEEKS, len(COLUMNS) - 1)).astype(np.float32)
    warmth = np.random.default_rng(seed + 1).normal(size=len(values))
    values = np.column_stack([values, warmth]).astype(np.float32)
    values[:, 2] = np.repeat(draw.gamma(1.5, 8.0, ACCOUNTS), WEEKS)
    label = draw.random(len(values)) < 1 / (1 + np.exp(-log_odds(values)))
    as_of = np.tile(np.arange(WEEKS), ACCOUNTS) * 7 * DAY
    account = np.repeat(np.arange(ACCOUNTS), WEEKS)
    nobody = Complaints(np.zeros(0, int), np.zeros(0, int))
    ones = np.ones(len(label))
    data = Dataset(account, as_of, values, label, ones, COLUMNS, DEFINITIONS, Prior(), nobody, horizon_days=14)
    first_held_back = (WEEKS - HELD_BACK) * 7 * DAY
    return data, as_of <= first_held_back - 14 * DAY, as_of >= first_held_back


def chosen(data, train, validation):
    grouped = fitting.grouping(COLUMNS, ["open"])
    chained = folds.chained(data, train, validation)
    return choice.choose(data, COLUMNS, grouped, chained, seed=0, step=lambda _name: None)


def by_lateness(values):
    return -3 + 1.2 * values[:, 0]


def by_a_threshold(values):
    return np.where((values[:, 0] > 0.5) & (values[:, 2] > 12), 1.5, -4.0)


def by_volume(values):
    return -5 + 1.2 * np.log1p(values[:, 2])


def by_an_extreme(values):
    return np.where(np.abs(values[:, 4]) > 1.5, 0.5, -4.0)


def test_a_fold_knows_only_what_had_an_outcome_when_its_weeks_began():
    data, train, validation = company(by_lateness)

    found = folds.chained(data, train, validation)

    assert len(found) == folds.MOST_FOLDS
    for fold in found:
        assert data.as_of[fold.known].max() + data.horizon <= data.as_of[fold.later].min()
    judged = np.sum([fold.later for fold in found], axis=0)
    assert judged.max() == 1
    assert judged[validation].all()


def test_too_few_complaints_for_folds_leave_the_validation_weeks():
    data, train, validation = company(lambda values: np.full(len(values), -5.5))

    found = folds.chained(data, train, validation)

    assert [fold.known.sum() for fold in found] == [train.sum()]
    np.testing.assert_array_equal(found[0].later, validation)


@pytest.mark.parametrize(("truth", "kind"), [(by_lateness, "linear"), (by_a_threshold, "trees")])
def test_the_class_of_model_follows_the_truth(truth, kind):
    found = chosen(*company(truth))

    linear_share = found.share
    assert linear_share >= 0.75 if kind == "linear" else linear_share <= 0.25
    assert found.why.startswith(choice.kind(found.share))


def test_every_fold_s_losses_are_told():
    found = chosen(*company(by_lateness))

    assert len(found.folds) == folds.MOST_FOLDS
    assert {"from", "to", "rows", "with_complaint", "linear", "blend", "trees"} == set(found.folds[0])
    assert len(found.raw) == len(found.later) == sum(fold["rows"] for fold in found.folds)


def test_an_anchored_penalty_spares_volume_and_the_own_rate():
    data, _, _ = company(by_lateness)

    spared = choice.penalties(data, COLUMNS, Regression(0.001, anchored=True))
    even = choice.penalties(data, COLUMNS, Regression(0.001))

    assert spared.tolist() == [0.001, 0.001, choice.ANCHORED, choice.ANCHORED, 0.001]
    assert even.tolist() == [0.001] * len(COLUMNS)


def test_an_anchored_penalty_ranks_by_volume_where_the_metrics_tell_nothing():
    data, _, _ = company(by_volume)
    table = fitting.Table.of(data.values)

    fitted = fitting.fit_linear(
        table, data.label, data.weight, COLUMNS, choice.penalties(data, COLUMNS, Regression(1e-6, anchored=True))
    )

    assert fitted.weights[2] > 0.3
    assert np.abs(fitted.weights[:2]).max() < 0.001


def test_metrics_that_tell_nothing_are_left_out():
    found = chosen(*company(by_volume))

    assert (found.regression, found.share) == (choice.STANDING, 1.0)
    assert "the metrics tell no more than volume" in found.why


def test_metrics_that_tell_only_trees_something_stay():
    found = chosen(*company(by_an_extreme))

    assert found.regression != choice.STANDING
    assert found.share <= 0.25


def test_old_rows_count_half_for_each_quarter_unless_that_costs():
    found = chosen(*company(by_lateness))

    assert found.regression == choice.PREFERRED
    data, train, _ = company(by_lateness)
    weight = rows.weights(data, train, found.regression.half_life_weeks)
    assert weight.mean() == pytest.approx(1.0)
    first, later = (weight[data.as_of[train] == week * 7 * DAY].mean() for week in (0, 13))
    assert later == pytest.approx(2 * first)


def test_another_penalty_is_chosen_where_it_is_clearly_better():
    def by_a_cliff(values):
        return -8 + 8 * values[:, 0]

    found = chosen(*company(by_a_cliff))

    assert found.regression.strength == 0.1


def test_the_same_seed_chooses_the_same():
    first, second = (chosen(*company(by_a_threshold)) for _ in range(2))

    assert (first.regression, first.trees, first.share) == (second.regression, second.trees, second.share)
    np.testing.assert_array_equal(first.raw, second.raw)


def test_a_metric_that_began_after_a_fold_s_weeks_stops_nothing():
    data, train, validation = company(by_a_threshold)
    data.values[data.as_of < (WEEKS - HELD_BACK - 3) * 7 * DAY, 1] = np.nan

    found = chosen(data, train, validation)

    assert found.trees > 0
    assert np.isfinite(found.raw).all()
