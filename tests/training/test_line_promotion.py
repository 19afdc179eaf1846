"""A change of model alone neither opens nor ends alerts, and moves the alerts a day by steps."""

from datetime import timedelta

import numpy as np
import pytest

from models import Alert, Score
from models.trained_model import LineKind
from service.alerts import actions as alerts
from service.scoring import actions
from service.scoring.lines import Choice
from tests import make
from tests.training.test_evaluation import _dataset
from training import alert_line
from training.profiles import NOTHING

RISKS = (np.arange(100) + 0.5) / 100
TOLD = Choice(LineKind.BUDGET, 1.0)


def _model(session, version, change=lambda risk: risk, *, chosen=TOLD):
    """A model that has seen a hundred accounts for ten weeks; `change` is what it makes of their risks."""
    account, week = np.tile(np.arange(100), 10), np.repeat(np.arange(10), 100)
    part = _dataset(account, week, account >= 80)
    curve = alert_line.curve(part, change(RISKS[account]), NOTHING, 72)
    line = actions.lines.choose(chosen, curve)
    card = {"alert_line": {"line": line, "chosen": {"kind": chosen.kind, "value": chosen.value}, "curve": curve}}
    return actions.register(session, version, "0" * 64, card, line, by="test", now=make.MONDAY)


def _scores(session, accounts, model, risks):
    session.query(Score).delete()
    for account, risk in zip(accounts, risks, strict=True):
        make.score(session, account, risk=float(risk), model=model)


@pytest.fixture
def watched(session, settings):
    """A hundred accounts, the model `old` speaks, and the seven riskiest have an alert."""
    accounts = [make.account(session) for _ in range(100)]
    _model(session, "old")
    actions.promote(session, "old", by="test", now=make.MONDAY)
    _scores(session, accounts, "old", RISKS)
    assert len(alerts.review(session, settings, now=make.MONDAY).opened) == 7
    return accounts


@pytest.mark.parametrize("change", [np.square, np.sqrt], ids=["lower", "higher"])
def test_a_model_that_ranks_alike_opens_and_ends_nothing(session, settings, watched, change):
    _model(session, "new", change)
    actions.promote(session, "new", by="test", now=make.MONDAY)
    _scores(session, watched, "new", change(RISKS))

    found = [alerts.review(session, settings, now=make.MONDAY + timedelta(days=days)) for days in (0, 1, 4)]

    assert [(len(each.opened), each.faded, each.woken, each.waiting) for each in found] == [(0, 0, 0, 0)] * 3
    assert session.query(Alert).filter(Alert.resolved_at.is_(None)).count() == 7


def test_until_an_account_is_scored_anew_its_score_is_held_against_the_old_line(session, settings, watched):
    _model(session, "new", np.sqrt)
    actions.promote(session, "new", by="test", now=make.MONDAY)

    found = alerts.review(session, settings, now=make.MONDAY + timedelta(hours=1))

    assert (found.opened, found.faded, found.woken) == ([], 0, 0)


def test_a_price_moves_the_alerts_a_day_by_a_quarter_with_each_model(session, watched):
    actions.set_line(session, Choice(LineKind.PRICE, 1.0), by="test", now=make.MONDAY)
    before = actions.promote(session, "old", by="test", now=make.MONDAY).line_alerts_per_day
    _model(session, "new", np.sqrt)

    model = actions.promote(session, "new", by="test", now=make.MONDAY)

    # The same price alone would ask for the 75 of a hundred accounts whose risk is now a half or more.
    assert model.line_alerts_per_day == pytest.approx(before * 1.25, rel=0.02)


def test_a_new_budget_in_the_settings_is_no_jump_to_be_held_back(session, watched):
    _model(session, "new", chosen=Choice(LineKind.BUDGET, 4.0))

    model = actions.promote(session, "new", by="test", now=make.MONDAY)

    assert model.line_alerts_per_day == pytest.approx(4.0, rel=0.02)


def test_a_card_without_a_curve_keeps_the_line_of_its_training(session, watched):
    actions.register(session, "plain", "0" * 64, {}, 0.44, by="test", now=make.MONDAY)

    model = actions.promote(session, "plain", by="test", now=make.MONDAY)

    assert (model.alert_line, model.line_alerts_per_day) == (0.44, None)


def test_no_line_can_be_chosen_without_a_curve(session, watched):
    actions.register(session, "plain", "0" * 64, {}, 0.44, by="test", now=make.MONDAY)
    actions.promote(session, "plain", by="test", now=make.MONDAY)

    with pytest.raises(actions.LineUnknown, match="train again"):
        actions.set_line(session, Choice(LineKind.BUDGET, 3), by="test", now=make.MONDAY)
