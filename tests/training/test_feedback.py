"""Training learns the risk if nobody acts, although operations acts: shown where the truth is known."""

from datetime import timedelta

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sqlalchemy import select

from benchmarks.cared import company_with_care, weeks
from models import Account, WrongReason
from service.alerts import actions
from tests import make
from tests.scoring import planted
from training import backtest, effect, feedback
from training.effect import Effect
from training.window import Asked

SEEDS = (1, 2, 3)
AT_RISK = 0.2


@pytest.fixture(scope="module")
def companies():
    """Weeks of three companies whose operations acts, and what it did."""
    return [weeks(company_with_care(200, 400, 0.3, seed)) for seed in SEEDS]


@pytest.fixture(scope="module")
def weighed(companies):
    """Truth, outcome, weight and the risk that was seen, of all weeks."""
    parts = []
    for rows, told in companies:
        found = effect.estimate(told.days, told.acted, rows.complaints)
        parts.append((rows.truth, rows.label, feedback.weights(rows, told, found), rows.seen))
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def test_as_they_ended_the_weeks_hide_a_third_of_the_risk_and_weighed_they_do_not(weighed):
    truth, label, weight, _ = weighed

    assert label.mean() < 0.75 * truth.mean()
    assert np.average(label, weights=weight) == pytest.approx(truth.mean(), rel=0.15)


def test_the_accounts_truly_at_risk_are_where_ignoring_it_hurts(weighed):
    truth, label, weight, _ = weighed
    high = truth >= AT_RISK

    assert label[high].mean() < 0.75 * truth[high].mean()
    assert np.average(label[high], weights=weight[high]) == pytest.approx(truth[high].mean(), rel=0.15)


def test_a_model_of_weighed_weeks_says_the_risk_if_nobody_acts(weighed):
    truth, label, weight, seen = weighed
    known = np.log(seen / (1 - seen))[:, None]

    def risk_at_the_top(weights):
        risk = LogisticRegression(C=np.inf).fit(known, label, sample_weight=weights).predict_proba(known)[:, 1]
        top = risk >= np.quantile(risk, 0.9)
        return risk[top].mean(), truth[top].mean()

    ignoring, _ = risk_at_the_top(np.ones(len(label)))
    ours, true = risk_at_the_top(weight)

    assert ignoring < 0.75 * true
    assert ours == pytest.approx(true, rel=0.15)


def test_the_effect_is_found_although_operations_acts_on_those_at_risk(companies):
    found = [effect.estimate(told.days, told.acted, rows.complaints) for rows, told in companies]

    assert 0.25 < np.mean([each.ratio for each in found]) < 0.5  # It was 0.3, on six of the seven days counted.
    assert all(each.low < 0.5 and each.high < 1 for each in found)


def test_weights_leave_the_number_of_weeks_as_it_is(weighed):
    _, label, weight, _ = weighed

    assert weight.mean() == pytest.approx(1.0, abs=0.03)
    assert (weight > 0).all()
    assert (weight[~label] <= 1).all()
    assert weight.max() <= feedback.MOST_WEIGHT


def test_where_acting_does_nothing_nothing_is_changed(companies):
    rows, told = companies[0]

    assert (feedback.weights(rows, told, Effect()) == 1).all()


def test_without_help_the_effect_is_not_made_up():
    rows, told = weeks(company_with_care(200, 400, 1.0, 1))

    found = effect.estimate(told.days, told.acted, rows.complaints)

    assert found.ratio > 0.8
    assert found.high > 0.95


def test_little_evidence_changes_little():
    rows, told = weeks(company_with_care(12, 200, 0.3, 2))

    found = effect.estimate(told.days, told.acted, rows.complaints)

    assert 0.4 < found.ratio <= 1
    assert found.high > 1


@pytest.fixture
def collect(session):
    """The planted company's material after something was done about its first account."""
    planted.company(session, accounts=20)
    account = session.scalars(select(Account).order_by(Account.id)).first()
    opened = planted.START + timedelta(weeks=20)

    def run(*acts):
        alert = make.alert(session, account, at=opened)
        for act, *what in acts:
            act(session, alert, *what, by="ola", now=opened + timedelta(hours=2))
        session.flush()
        return backtest.collect(session, Asked(), 14, now=make.MONDAY, progress=lambda *_: None)

    return run


def test_weeks_whose_data_were_called_wrong_are_left_out(collect):
    material = collect((actions.mark_wrong, "Counted twice.", WrongReason.DATA_ERROR))

    # A week before the alert and a week after it: with a snapshot each Monday, two.
    assert material.feedback["wrong_left_out"] == 2
    assert feedback.notes(material.feedback) == ["Left out, since operations called their data wrong: 2 account-weeks."]


@pytest.mark.parametrize("reason", [reason for reason in WrongReason if reason is not WrongReason.DATA_ERROR])
def test_weeks_called_wrong_for_another_reason_stay_since_the_outcome_tells(collect, reason):
    material = collect((actions.mark_wrong, "No.", reason))

    assert material.feedback["wrong_left_out"] == 0
    assert bool(material.feedback["treated_weeks"]) is (reason is WrongReason.ALREADY_SOLVED)


def test_weeks_that_operations_acted_on_are_counted_and_a_snooze_is_no_act(collect):
    acted = collect((actions.acknowledge,), (actions.resolve, "Rerouted."))

    # Two hours and a week are met by the horizons of the Mondays 14 days before and of the one within.
    assert acted.feedback["treated_weeks"] == 3
    assert acted.feedback["censored"] <= 3


def test_a_company_without_alerts_learns_as_before(session):
    planted.company(session, accounts=20)

    material = backtest.collect(session, Asked(), 14, now=make.MONDAY, progress=lambda *_: None)

    assert material.feedback == {}
    assert (material.data.weight == 1).all()
