"""Intervals by resampling accounts."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from training import bootstrap
from training.bootstrap import Share


def test_an_interval_holds_the_measure_and_is_the_same_for_the_same_seed(drawn):
    found, again = bootstrap.ranking(*drawn, seed=0), bootstrap.ranking(*drawn, seed=0)

    assert found["average_precision"].value == average_precision_score(drawn[1], drawn[2])
    for name, each in found.items():
        assert each.low < each.value < each.high
        assert (each.samples == again[name].samples).all()
        assert len(each.samples) == bootstrap.RESAMPLES


def test_a_resample_weighs_like_scikit_learn(drawn):
    account, label, score = drawn
    drawn_accounts = np.random.default_rng(7).integers(300, size=300)
    weight = np.bincount(drawn_accounts, minlength=300)[account]

    found = bootstrap.ranking(account, label, score, seed=7)

    for name, measure in (("average_precision", average_precision_score), ("roc_auc", roc_auc_score)):
        assert found[name].samples[0] == pytest.approx(measure(label, score, sample_weight=weight), abs=1e-12)


def test_repeating_weeks_do_not_make_an_interval_narrower(drawn):
    once = bootstrap.ranking(*drawn, seed=0)["average_precision"]

    often = bootstrap.ranking(*(np.tile(part, 5) for part in drawn), seed=0)["average_precision"]

    assert often.high - often.low == pytest.approx(once.high - once.low, rel=1e-9)


def test_a_better_score_is_ahead_in_every_resample(drawn):
    account, label, score = drawn
    good = bootstrap.ranking(account, label, score, seed=0)["average_precision"]
    blind = bootstrap.ranking(account, label, np.zeros(len(score)), seed=0)["average_precision"]

    assert bootstrap.ahead(good, blind) == 1.0
    assert bootstrap.ahead(blind, good) == 0.0


def test_a_share_is_resampled_as_if_its_rows_were(drawn):
    account, label, _ = drawn
    weight = np.bincount(np.random.default_rng(7).integers(300, size=300), minlength=300)[account]

    found = bootstrap.shares({"base": Share.by_account(account, 300, label, np.ones(3000))}, seed=7)["base"]

    assert found.value == label.mean()
    assert found.samples[0] == pytest.approx(np.average(label, weights=weight))


def test_a_share_of_nothing_has_no_interval():
    nothing = Share(np.zeros(3), np.zeros(3))

    assert nothing.value is None
    assert bootstrap.shares({"nothing": nothing}, seed=0) == {}
