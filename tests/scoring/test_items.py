"""Items are followed by what was seen of them, never by what comes later, and alike in training and serving."""

import numpy as np
import pytest

from service.scoring import features, items
from service.scoring.items import ItemModel
from service.scoring.past import Prior
from service.scoring.trees import Trees
from tests.scoring import frames
from tests.scoring.frames import ALL, LATE, STARS

PRIOR = Prior(0.5, 90.0)
PROMISED = frames.Definition(5, "promised", "Promised delivery time", "days")
CARRYING = (LATE, STARS, PROMISED)


def _model(most=200):
    """One tree: an item older than 10 days has a chance of one half, a younger one of a hundredth."""
    young, old = np.log(0.01 / 0.99), 0.0
    trees = Trees(
        roots=np.array([0], np.int32),
        feature=np.array([0, 0, 0], np.int32),
        threshold=np.array([10.0, 0, 0]),
        left=np.array([1, 1, 2], np.int32),
        right=np.array([2, 1, 2], np.int32),
        gap_left=np.array([True, True, True]),
        value=np.array([0.0, young, old]),
        group=np.array([-1, 0, 0], np.int32),
        depth=1,
        base=0.0,
    )
    return ItemModel(("late_share", "stars", "promised"), trees, alike=0.4, most=most)


def _chance(seed, accounts=4, orders=300):
    """Items of up to five observations over 40 days, before and after MONDAY."""
    draw, rows = np.random.default_rng(seed), []
    for number in range(orders):
        account, start = int(draw.integers(1, accounts + 1)), draw.uniform(-60, 240)
        for _ in range(int(draw.integers(1, 6))):
            metric, ago = int(draw.choice([1, 4, 5])), float(np.round(start - draw.uniform(0, 40), 4))
            rows.append((account, metric, ago, float(np.round(draw.gamma(1, 3), 3)), f"o{number}"))
    return rows, tuple(range(1, accounts + 1))


def _built(rows, moments, accounts, model=None):
    known = frames.history(rows, (), accounts)
    return features.build(known, moments, (*ALL, PROMISED), PRIOR, model or _model()).values


def _trails(rows, *moments):
    return items.trails(frames.observations(rows), frames.snapshots(*moments), CARRYING, 200)


def _trail(rows):
    found = _trails(rows, (1, 0))
    names = [f"{trace.group}:{trace.stat}" for trace in items.traces(CARRYING)]
    return dict(zip(names, found.values[0].tolist(), strict=True))


@pytest.mark.parametrize("seed", range(5))
def test_nothing_seen_after_the_snapshot_changes_what_items_say(seed):
    rows, accounts = _chance(seed)
    moments = frames.snapshots(*[(account, ago) for account in accounts for ago in (0, 7, 28)])

    whole = _built(rows, moments, accounts)
    hidden = _built([row for row in rows if row[2] >= 28], moments, accounts)

    of_then = np.arange(len(whole)) % 3 == 2
    np.testing.assert_array_equal(whole[of_then], hidden[of_then])
    assert not np.array_equal(whole[~of_then], hidden[~of_then], equal_nan=True)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("most", [200, 12])
def test_many_weeks_at_once_give_the_numbers_of_one_moment(seed, most):
    rows, accounts = _chance(seed)
    weekly = frames.snapshots(*[(account, 7 * week) for account in accounts for week in range(12)])
    recent = [row for row in rows if 0 <= row[2] < 118]

    trained = _built(rows, weekly, accounts, _model(most))[::12]
    served = _built(recent, frames.snapshots(*[(account, 0) for account in accounts]), accounts, _model(most))

    np.testing.assert_array_equal(trained, served)


@pytest.mark.parametrize("most", [200, 12])
def test_order_and_repeats_of_rows_do_not_matter(most):
    rows, accounts = _chance(7)
    moments = frames.snapshots(*[(account, 0) for account in accounts])
    shuffled = [rows[i] for i in np.random.default_rng(1).permutation(len(rows))] + rows[:200]

    once, again = (_built(found, moments, accounts, _model(most)) for found in (rows, shuffled))

    np.testing.assert_allclose(once, again, rtol=1e-6)


def test_a_trail_is_the_newest_value_of_each_metric_and_its_age():
    found = _trail([(1, 5, 12, 20, "a"), (1, 1, 9, 0.5, "a"), (1, 1, 3, 0.25, "a"), (1, 4, -1, 5, "a")])

    assert (found["item:age"], found["item:quiet"], found["item:seen"]) == (12, 3, 2)
    assert (found["late_share:last"], found["late_share:age"]) == (0.25, 3)
    assert np.isnan(found["stars:last"])


def test_a_promise_runs_out():
    found = _trail([(1, 5, 12, 20, "a")])

    assert (found["promised:last"], found["promised:left"]) == (20, 8)


def test_what_lies_118_days_back_is_forgotten_even_on_a_live_item():
    found = _trail([(1, 5, 130, 20, "a"), (1, 4, 100, 3, "a"), (1, 1, 50, 0.5, "a")])

    assert (found["item:age"], found["item:seen"]) == (100, 2)
    assert np.isnan(found["promised:last"])


def test_an_item_is_live_for_60_days_and_again_when_it_is_seen_again():
    seen = [(1, 1, 200, 1, "a"), (1, 1, 100, 1, "a"), (1, 1, 90, 1, "b")]

    found = _trails(seen, *[(1, ago) for ago in (201, 200, 141, 140, 100, 41, 40, 0)])

    assert np.bincount(found.row, minlength=8).tolist() == [0, 1, 1, 0, 1, 2, 1, 0]


def test_what_items_say_together_is_their_sum_and_the_worst_of_them():
    rows = [(1, 1, ago, 0, f"o{ago}") for ago in (1, 2, 12, 24)]
    known = frames.history(rows, accounts=(1, 2))

    found = features.build(known, frames.snapshots((1, 0), (2, 0)), (*ALL, PROMISED), PRIOR, _model())

    says, silent = found.stats(0)["items"], found.stats(1)["items"]
    assert says["expected"] == pytest.approx(-2 * np.log(0.99) - 2 * np.log(0.5))
    assert 1 / (1 + np.exp(-says["odds"])) == pytest.approx(1 - 0.99**2 * 0.5**2)
    assert (says["worst"], says["live"], says["alike"], says["oldest"]) == (0.5, 4, 2, 24)
    assert (silent["expected"], silent["worst"], silent["live"], silent["alike"]) == (0, 0, 0, 0)
    assert np.isnan(silent["oldest"])


def test_of_very_many_items_some_speak_for_all():
    rows = [(1, 1, 5 if number % 4 else 20, 0, f"o{number}") for number in range(2_000)]

    found = _built(rows, frames.snapshots((1, 0)), (1,), _model(most=400))[0]

    all_of_them = _built(rows, frames.snapshots((1, 0)), (1,), _model(most=2_000))[0]
    assert found[-3] == all_of_them[-3] == 2_000
    assert found[-6] == pytest.approx(all_of_them[-6], rel=0.15)


def test_without_a_model_of_items_there_are_no_columns_of_items():
    known = frames.history([(1, 1, 1, 0, "a")])

    built = features.build(known, frames.snapshots((1, 0)), ALL, PRIOR)

    assert "items" not in {column.group for column in built.columns}


def test_an_account_without_items_is_no_trouble():
    assert _built([(1, 1, 1, 0.5, "")], frames.snapshots((1, 0)), (1,))[0, -6] == 0
    assert _built([], frames.snapshots(), (1,)).shape[0] == 0
