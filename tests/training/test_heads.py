"""How likely several complaints are: trees of their own beside the risk."""

from itertools import pairwise

import numpy as np
import pytest

from service.scoring import artifact, heads, unusual
from service.scoring.definitions import LAST, Definition
from service.scoring.features import Column
from service.scoring.heads import Head
from service.scoring.past import DAY, Prior
from service.scoring.trained import Blend
from training import heads as training_heads
from training.dataset import Complaints, Dataset

COLUMNS = (
    Column("late", "last", 1),
    Column("open", "last"),
    Column("complaints", "rate", 1),
    Column("complaints", "count_28", 1),
)
DEFINITIONS = (
    Definition(1, "late", "Late", better="lower"),
    Definition(2, "open", "Open", combine=LAST, exposure=True),
)
ROWS = 4_000


@pytest.fixture(scope="module")
def known():
    """Accounts of which the late ones complain in bursts: three times at once, or not at all."""
    draw = np.random.default_rng(5)
    values = np.column_stack([draw.random(ROWS), draw.gamma(2, 5, ROWS), np.full(ROWS, 0.01), np.zeros(ROWS)]).astype(
        np.float32
    )
    bursts = draw.random(ROWS) < np.where(values[:, 0] > 0.7, 0.3, 0.02)
    account = np.arange(ROWS)
    complained = np.repeat(account[bursts], 3)
    at = np.tile(np.array([1, 2, 3]) * DAY, int(bursts.sum()))
    return Dataset(
        account=account, as_of=np.zeros(ROWS, int), values=values, label=bursts, weight=np.ones(ROWS), columns=COLUMNS,
        definitions=DEFINITIONS, prior=Prior(), complaints=Complaints(complained, at), horizon_days=14,
    )  # fmt: skip


@pytest.fixture(scope="module")
def head(known):
    return training_heads.fit(known, np.ones(ROWS, dtype=bool), COLUMNS, seed=0)


def test_a_head_learns_that_complaints_come_in_bursts(known, head):
    risk, three = np.full(ROWS, known.label.mean()), np.full(ROWS, 3)

    told = head.chance(known.values, risk, three)

    late = known.values[:, 0] > 0.7
    assert told[late].mean() > 3 * told[~late].mean()
    assert told.mean() > 3 * unusual.chance(risk, three).mean()


def test_one_complaint_is_the_risk_and_more_are_never_likelier(known, head):
    risk = np.random.default_rng(1).random(ROWS)

    by_least = [head.chance(known.values, risk, np.full(ROWS, least)) for least in (1, 2, 3, 5)]

    np.testing.assert_array_equal(by_least[0], risk)
    for fewer, more in pairwise(by_least):
        assert (more <= fewer + 1e-12).all()


def test_rows_left_out_do_not_change_how_likely_it_is(known, monkeypatch):
    monkeypatch.setattr(training_heads, "MOST_ROWS", ROWS // 4)

    sparing = training_heads.fit(known, np.ones(ROWS, dtype=bool), COLUMNS, seed=0)

    told = 1 / (1 + np.exp(-sparing.log_odds(known.values, np.full(ROWS, 2))))
    assert told.mean() == pytest.approx(known.label.mean(), rel=0.1)


def test_a_worse_metric_never_lowers_the_chance(known, head):
    risk, two = np.full(ROWS, 0.3), np.full(ROWS, 2)
    worse = known.values.copy()
    worse[:, 0] += 0.2

    assert (head.chance(worse, risk, two) >= head.chance(known.values, risk, two) - 1e-12).all()


def test_the_same_seed_grows_the_same_head(known, head):
    again = training_heads.fit(known, np.ones(ROWS, dtype=bool), COLUMNS, seed=0)

    two = np.full(ROWS, 2)
    np.testing.assert_array_equal(head.log_odds(known.values, two), again.log_odds(known.values, two))


def test_too_little_that_has_risen_leaves_the_count_that_follows_from_the_risk(known):
    few = known.label.cumsum() <= training_heads.LEAST_RISEN // 2
    risk, two = np.full(ROWS, 0.3), np.full(ROWS, 2)

    assert training_heads.fit(known, few, COLUMNS, seed=0) is None
    np.testing.assert_array_equal(heads.chance(None, known.values, risk, two), unusual.chance(risk, two))


def test_the_volume_is_the_sum_of_the_exposure_metrics(head):
    assert head.volume == (1,)
    table = heads.asked(np.array([[0.5, 7.0, np.nan, 0], [0.5, np.nan, 0.1, 0]]), np.array([2, 3]), head.volume)

    assert table[:, 4].tolist() == [2, 3]
    assert table[:, 5].tolist() == [7, 0]


def test_a_head_goes_into_the_artefact_and_comes_back(known, head):
    blend = Blend(("late:last",), ("late",), ((0,),), None, None, share=1.0, centre=np.zeros(1), head=head)

    read = Head.from_arrays(artifact.numbers_of(blend)["head"])

    two = np.full(ROWS, 2)
    np.testing.assert_array_equal(read.log_odds(known.values, two), head.log_odds(known.values, two))
