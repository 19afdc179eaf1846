"""Which items bring complaints is learned without knowing the labels of what is judged."""

import narwhals as nw
import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from service.scoring import items
from service.scoring.definitions import Definition
from service.scoring.past import DAY, History
from training import outcomes
from training.following import Follower

PROMISED = Definition(1, "promised", "Promised delivery time", "days")
SHIPPED = Definition(2, "shipped", "Days to hand over", "days", better="lower")
RATED = Definition(3, "rated", "Rating", "stars", better="higher")
ALL = (PROMISED, SHIPPED, RATED)
ACCOUNTS, DAYS, HORIZON = 30, 420, 14
EDGES = (280 * DAY, 350 * DAY)


def _company(seed, *, delay=0.0):
    """Orders promised in 12 days; those shipped late are rated after 20 days, half of them badly.

    A complaint comes with the bad rating, or so many days after it.
    """
    draw = np.random.default_rng(seed)
    observed, complained = [], []
    for number in range(ACCOUNTS * 60):
        account, at, order = number % ACCOUNTS + 1, draw.uniform(0, DAYS - 25), f"o{number}"
        late, bad = draw.random() < 0.3, draw.random()
        rated = at + (20 if late else 8) + draw.uniform(0, 3)
        unhappy = bad < (0.5 if late else 0.02)
        observed += [(account, 1, at, 12.0, order), (account, 2, at + (6 if late else 1), 6.0 if late else 1.0, order)]
        observed.append((account, 3, rated, 1.0 if unhappy else 5.0, order))
        if unhappy:
            complained.append((account, rated + delay))
    return _frames(observed, complained)


def _frames(observed, complained):
    seen = pl.DataFrame(observed, ["account", "metric", "at", "value", "item"], orient="row")
    said = pl.DataFrame(complained, {"account": pl.Int64, "at": pl.Float64}, orient="row")
    in_micros = (pl.col("at") * DAY).round().cast(pl.Int64)
    accounts = pl.DataFrame({"account": range(1, ACCOUNTS + 1)}).with_columns(started=pl.lit(0, pl.Int64))
    return History(*(nw.from_native(frame) for frame in (seen.with_columns(in_micros), said.with_columns(in_micros))),
                   nw.from_native(accounts))  # fmt: skip


def _weekly(days=range(35, DAYS - HORIZON, 7)):
    rows = [(account, day * DAY) for account in range(1, ACCOUNTS + 1) for day in days]
    return nw.from_native(pl.DataFrame(rows, {"account": pl.Int64, "as_of": pl.Int64}, orient="row"))


def _learned(past, moments=None):
    follower = Follower(ALL, HORIZON, 1)
    follower.add(past, _weekly() if moments is None else moments)
    return follower.learn(EDGES, seed=0)


def _labels(past, moments):
    complaints = past.complaints.to_native().rename({"account": "owner"})
    return outcomes.follows(moments["account"].to_numpy(), moments["as_of"].to_numpy(), complaints, HORIZON)


def _telling(past, *, since=0):
    """How well what items are expected to bring ranks the snapshots."""
    moments = _weekly()
    rows = moments["as_of"].to_numpy() >= since
    return roc_auc_score(_labels(past, moments)[rows], _learned(past, moments).values[rows, 0])


@pytest.fixture(scope="module")
def company():
    return _company(1)


def test_orders_that_were_shipped_late_are_found(company):
    assert _telling(company, since=EDGES[0]) > 0.8


def test_complaints_that_name_no_order_are_shared_out():
    assert _telling(_company(1, delay=1.5), since=EDGES[0]) > 0.75


def test_no_account_s_own_complaints_change_what_its_items_say_in_the_weeks_that_teach(company):
    moments = _weekly()
    silenced = History(company.observations, company.complaints.filter(nw.col("account") != 2), company.accounts)
    teaching = moments["as_of"].to_numpy() < EDGES[0]
    own = moments["account"].to_numpy() == 2

    whole, hidden = _learned(company).values[:, :4], _learned(silenced).values[:, :4]

    np.testing.assert_array_equal(whole[teaching & own], hidden[teaching & own])
    assert not np.array_equal(whole[teaching & ~own], hidden[teaching & ~own])


def test_what_happens_after_the_validation_begins_changes_nothing_before_the_test(company):
    then = nw.col("at") <= EDGES[0]
    before = History(company.observations, company.complaints.filter(then), company.accounts)
    rows = _weekly()["as_of"].to_numpy() < EDGES[1]

    whole, hidden = _learned(company), _learned(before)

    np.testing.assert_array_equal(whole.values[rows][:, :2], hidden.values[rows][:, :2])
    assert not np.array_equal(whole.values[~rows][:, :2], hidden.values[~rows][:, :2])


def test_the_same_seed_gives_the_same_columns_whatever_the_order_of_rows(company):
    shuffled = company.observations.sample(fraction=1.0, seed=1)

    again = _learned(History(shuffled, company.complaints, company.accounts))

    np.testing.assert_array_equal(_learned(company).values, again.values)


def test_an_item_is_as_bad_as_half_of_those_that_were_complained_of(company):
    learned = _learned(company)

    assert 0.1 < learned.model.alike < 0.6
    assert 0 < (learned.values[:, 4] > 0).mean() < 0.9


def test_the_chances_are_those_that_come_true(company):
    moments = _weekly()
    late = moments["as_of"].to_numpy() >= EDGES[0]
    expected = 1 / (1 + np.exp(-_learned(company).values[late, 1]))

    # A few complaints come of orders that are not placed yet.
    assert expected.mean() == pytest.approx(_labels(company, moments)[late].mean(), abs=0.06)


def test_single_events_are_not_followed():
    events = [(1 + number % ACCOUNTS, 3, number % 400 + 0.5, 1.0, f"r{number}") for number in range(2_000)]

    assert _learned(_frames(events, [(row[0], row[2]) for row in events[::5]])) is None


def test_without_items_or_complaints_there_is_nothing_to_follow(company):
    silent = _frames([(1, 1, 10.0, 1.0, "")], [(1, 20.0)])
    happy = History(company.observations, company.complaints.head(10), company.accounts)

    assert _learned(silent) is None
    assert _learned(happy) is None


def test_a_complaint_speaks_of_the_item_seen_at_its_moment():
    past = _frames([(1, 1, 10.0, 1.0, "a"), (1, 3, 12.0, 1.0, "a"), (1, 1, 12.5, 1.0, "b")],
                   [(1, 12.0 + 4 / 1440), (1, 12.2)])  # fmt: skip
    found = items.trails(past.observations, _weekly([14]), ALL, 200)

    named, loose = outcomes.named(past, ALL, found.items)

    assert found.items["item"].to_list() == ["a", "b"]
    assert named["owner"].to_list() == [0]
    assert loose["at"].to_list() == [round(12.2 * DAY)]
