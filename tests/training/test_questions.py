"""Rise, excess and quiet, on cases small enough to work out by hand."""

import math
from functools import partial

import numpy as np
import pytest

from service.scoring import unusual
from service.scoring.definitions import LAST, Definition
from service.scoring.features import Column
from service.scoring.past import DAY, Prior
from training import questions
from training.dataset import Complaints, Dataset

COLUMNS = (Column("complaints", "rate"), Column("complaints", "count_28"), Column("open", "last"))
OPEN = Definition(1, "open", "Open orders", combine=LAST, exposure=True)


def _dataset(rows, complaints=(), definitions=(OPEN,)):
    """Rows are (account, day, own rate a day, complaints in 28 days, open orders); complaints are (account, day)."""
    account, day, *values = (np.array(column) for column in zip(*rows, strict=True))
    known = np.array(sorted(complaints)).reshape(-1, 2)
    data = Dataset(
        account=account,
        as_of=day * DAY,
        values=np.column_stack(values).astype(np.float32),
        label=np.zeros(len(rows), dtype=bool),
        weight=np.ones(len(rows)),
        columns=COLUMNS,
        definitions=definitions,
        prior=Prior(),
        complaints=Complaints(known[:, 0].astype(int), (known[:, 1] * DAY).astype(int)),
        horizon_days=14,
    )
    return data, np.ones(len(rows), dtype=bool)


@pytest.mark.parametrize(
    ("mean", "needed"),
    # P(N >= 1) is .095 at a mean of .1 and .104 at .11; P(N >= 3) is .080 at 1; P(N >= 8) is .051 at 4, P(N >= 7) .111.
    [(0.0, 1), (0.1, 1), (0.11, 2), (1.0, 3), (4.0, 8)],
)
def test_a_count_is_unusual_where_one_in_ten_or_fewer_would_have_it(mean, needed):
    assert unusual.needed(np.array([mean])).tolist() == [needed]


def test_the_chance_of_one_complaint_is_the_risk_itself():
    risk = np.array([0.0, 0.2, 1.0])

    assert unusual.chance(risk, np.array([1, 1, 1])) == pytest.approx(risk)


def test_the_chance_of_two_complaints_is_that_of_a_poisson_count():
    mean = math.log(2)

    assert unusual.chance(np.array([0.5]), np.array([2])) == pytest.approx(1 - 0.5 * (1 + mean))


def test_complaints_count_after_the_snapshot_and_within_the_horizon():
    complaints = [(7, 10), (7, 11), (7, 24), (7, 24.5), (8, 12), (8, 12), (9, 12)]
    data, _ = _dataset([(7, 10, 0, 0, 0), (8, 10, 0, 0, 0), (5, 10, 0, 0, 0), (8, 0, 0, 0, 0)], complaints)

    assert questions.counts(data).tolist() == [2, 2, 0, 2]


def test_a_rise_is_measured_against_the_account_s_own_rate():
    # Expected within 14 days: 0.07, 1 and 4 complaints.
    data, known = _dataset([(1, 0, 0.005, 0, 0), (2, 0, 1 / 14, 0, 0), (3, 0, 4 / 14, 0, 0)])

    assert questions.ask(data, known)["rise"].needed.tolist() == [1, 3, 8]


def test_an_excess_is_measured_against_what_the_volume_explains():
    # Three complaints on 30 open orders so far: a tenth of a complaint for each order.
    rows = [(1, 0, 0, 0, 10), (2, 0, 0, 0, 20), (1, 14, 0, 0, 1), (2, 14, 0, 0, 40)]
    data, known = _dataset(rows, [(2, 3), (2, 4), (1, 5), (1, 20), (1, 21)])

    assert questions.ask(data, known & (data.as_of == 0))["excess"].needed.tolist() == [3, 5, 1, 8]


def test_without_an_exposure_metric_nobody_asks_for_an_excess():
    data, known = _dataset([(1, 0, 0, 0, 10)], [(1, 3)], definitions=())

    assert list(questions.ask(data, known)) == ["any", "rise", "quiet"]


def test_quiet_asks_of_accounts_without_a_complaint_in_28_days():
    data, known = _dataset([(1, 0, 0, 0, 10), (2, 0, 0, 2, 10)], [(1, 3)])

    assert questions.ask(data, known)["quiet"].asked.tolist() == [True, False]


def test_each_question_holds_the_model_against_its_rivals():
    # Accounts 1 and 2 complain once and always do; account 3 never does, and will.
    rows = [(1, 0, 0.2, 3, 20), (2, 0, 0.2, 3, 20), (3, 0, 0.001, 0, 1), (4, 0, 0.001, 0, 1)]
    data, known = _dataset(rows, [(1, 2), (2, 2), (3, 2)])
    risk = np.array([0.9, 0.8, 0.7, 0.1])

    found = questions.answers(data, known, known, partial(unusual.chance, risk), {"volume": np.array([20.0, 20, 1, 1])})

    rates = {name: answer["base_rate"] for name, answer in found.items()}
    assert rates == {"any": 0.75, "rise": 0.25, "excess": 0.25, "quiet": 0.5}
    assert set(found["rise"]["model"]) == set(questions.MEASURES)
    assert (found["any"]["volume"]["roc_auc"], found["rise"]["volume"]["roc_auc"]) == pytest.approx((5 / 6, 1 / 6))
    assert found["rise"]["model"]["average_precision"] == 1.0
