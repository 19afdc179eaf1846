"""The simulated company: the same seed gives the same, and it is neither trivial nor hopeless to predict."""

from datetime import date

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from training.simulate import METRICS, simulate

UNTIL = date(2026, 3, 1)
DAYS = 240


@pytest.fixture(scope="module")
def company():
    return simulate(accounts=200, days=DAYS, until=UNTIL, seed=3)


def daily(company, metric):
    """Values of a metric: array of shape (n_accounts, DAYS), NaN where there is none."""
    place = {row["account_id"]: index for index, row in enumerate(company.accounts)}
    columns = company.observations
    mine = columns["metric"] == metric
    table = np.full((len(place), DAYS), np.nan)
    first = np.datetime64(UNTIL, "D") - DAYS + 1
    days = (columns["observed_at"][mine].astype("datetime64[D]") - first).astype(int)
    table[[place[name] for name in columns["account_id"][mine]], days] = columns["value"][mine]
    return table


def complained(company):
    """Complaints: array of shape (n_accounts, DAYS)."""
    place = {row["account_id"]: index for index, row in enumerate(company.accounts)}
    table = np.zeros((len(place), DAYS))
    first = np.datetime64(UNTIL, "D") - DAYS + 1
    for row in company.complaints:
        table[place[row["account_id"]], (np.datetime64(row["occurred_at"][:10]) - first).astype(int)] += 1
    return table


def mean(table):
    """Means of the known values of each row, NaN where there is none."""
    known = np.isfinite(table)
    return np.where(known, table, 0).sum(1) / np.where(known.any(1), known.sum(1), np.nan)


def test_the_same_seed_gives_the_same_company():
    one, other = (simulate(accounts=30, days=160, until=UNTIL, seed=9) for _ in range(2))

    assert one.accounts == other.accounts
    assert one.complaints == other.complaints
    assert np.array_equal(one.observations["value"], other.observations["value"])


def test_another_seed_gives_another_company():
    one, other = (simulate(accounts=30, days=160, until=UNTIL, seed=seed) for seed in (1, 2))

    assert one.complaints != other.complaints


def test_values_are_in_their_ranges_and_keys_are_unique(company):
    columns = company.observations
    shares = columns["value"][np.isin(columns["metric"], ["late_share", "failed_first_attempt"])]
    ratings = columns["value"][columns["metric"] == "satisfaction"]
    keys = set(
        zip(*(columns[name].tolist() for name in ("account_id", "metric", "observed_at", "item_id")), strict=True)
    )

    assert np.isfinite(columns["value"]).all()
    assert (shares >= 0).all()
    assert (shares <= 1).all()
    assert (ratings >= 1).all()
    assert (ratings <= 5).all()
    assert len(keys) == len(columns["value"])


def test_observations_are_in_the_order_of_time_and_end_on_the_last_day(company):
    at = company.observations["observed_at"]

    assert (np.diff(at) >= np.timedelta64(0)).all()
    assert at[-1].astype("datetime64[D]") <= np.datetime64(UNTIL)


def test_nothing_is_reported_or_complained_about_before_an_account_began(company):
    began = {row["account_id"]: row["started_on"] for row in company.accounts}
    days = np.datetime_as_string(company.observations["observed_at"], unit="D")

    assert any(day > "2025-10-01" for day in began.values())
    assert all(day >= began[name] for name, day in zip(company.observations["account_id"], days, strict=True))
    assert all(row["occurred_at"][:10] >= began[row["account_id"]] for row in company.complaints)


def test_data_is_missing_as_in_life(company):
    have = [
        np.isfinite(daily(company, row["metric"])).any(axis=1).mean()
        for row in METRICS
        if row["metric"] == "satisfaction"
    ]

    assert 0.5 < have[0] < 0.9


def test_causes_move_the_metric_before_the_complaint_comes(company):
    late, complaints = daily(company, "late_share"), complained(company)
    usual = np.nanmean(late)
    account, day = np.nonzero(complaints[:, 20:])
    before = [
        np.nanmean(late[a, d + 13 : d + 20])
        for a, d in zip(account, day, strict=True)
        if np.isfinite(late[a, d + 13 : d + 20]).any()
    ]

    assert len(before) > 100
    assert np.mean(before) > 1.3 * usual


@pytest.mark.parametrize("seed", [3, 4])
def test_a_single_fact_ranks_accounts_better_than_chance_and_worse_than_a_model_should(seed):
    company = simulate(accounts=200, days=DAYS, until=UNTIL, seed=seed)
    late, complaints = daily(company, "late_share"), complained(company)
    risks, labels = [], []
    for day in range(120, DAYS - 14, 7):
        risks.append(np.nan_to_num(mean(late[:, day - 7 : day]) - mean(late[:, day - 110 : day - 28])))
        labels.append(complaints[:, day : day + 14].sum(1) > 0)
    auc = roc_auc_score(np.concatenate(labels), np.concatenate(risks))

    assert 0.55 < auc < 0.75
    assert 0.04 < np.mean(labels) < 0.15
