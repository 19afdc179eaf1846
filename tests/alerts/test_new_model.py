"""A new model speaks: its risks run higher or lower altogether, and that alone asks nobody anything."""

from datetime import timedelta

import pytest

from models import AlertStatus, ModelStatus, Score, TrainedModel
from service.alerts import actions, rules
from tests import make

NOW = make.MONDAY
OLD, NEW = "v1", "v2"


@pytest.fixture
def company(session):
    """Sixty accounts scored by the old model; every third is over its line of 0.1."""
    facts = {"sha256": "0" * 64, "card": {}, "trained_at": NOW}
    session.add(TrainedModel(version=OLD, status=ModelStatus.ACTIVE, alert_line=0.1, **facts))
    session.add(TrainedModel(version=NEW, status=ModelStatus.CANDIDATE, alert_line=0.4, **facts))
    session.flush()
    return [
        make.score(session, make.account(session), 0.04 + 0.001 * n + 0.1 * (n % 3 == 0), model=OLD) for n in range(60)
    ]


@pytest.fixture
def promote(session, company):
    """Let the new model speak: the same order of accounts, on a scale of six times the odds."""

    def run():
        for version, status in ((OLD, ModelStatus.RETIRED), (NEW, ModelStatus.ACTIVE)):
            session.query(TrainedModel).filter_by(version=version).update({"status": status})
        for score in company:
            score.risk, score.model = rules.carried(score.risk, 0.1, 0.4), NEW
        session.flush()

    return run


def review(session, settings, **span):
    reviewed = actions.review(session, settings.model_copy(update={"alerts_per_day": 50}), now=NOW + timedelta(**span))
    session.flush()
    session.expire_all()
    return reviewed


@pytest.mark.parametrize("answered", ["open", "acknowledged", "snoozed"])
def test_a_promotion_opens_wakes_and_fades_nothing(session, settings, promote, answered):
    opened = review(session, settings).opened
    for alert in opened if answered != "open" else []:
        if answered == "acknowledged":
            actions.acknowledge(session, alert, by="ola", now=NOW)
        else:
            actions.snooze(session, alert, until=None, risk=alert.risk + 0.05, by="ola", now=NOW)
    promote()

    after = [review(session, settings, hours=hours) for hours in (1, 50, 100)]

    assert len(opened) == 20
    assert [(len(each.opened), each.woken, each.faded) for each in after] == [(0, 0, 0)] * 3
    assert {alert.status for alert in opened} == {AlertStatus(answered)}
    assert {alert.risk_model for alert in opened} == {NEW}


def test_a_risk_that_rises_after_the_promotion_still_wakes(session, settings, promote):
    opened = review(session, settings).opened
    for alert in opened:
        actions.acknowledge(session, alert, by="ola", now=NOW)
    promote()
    review(session, settings, hours=1)
    risen = session.get(Score, opened[0].account_id)
    risen.risk = 0.95
    session.flush()

    assert review(session, settings, hours=2).woken == 1


def test_what_was_called_wrong_stays_quiet_under_a_new_model(session, settings, promote):
    for alert in review(session, settings).opened:
        actions.mark_wrong(session, alert, "No.", by="ola", now=NOW)
    promote()

    assert review(session, settings, days=4).opened == []


def test_another_line_for_the_same_model_moves_no_height(session, settings, company):
    (alert, *_) = review(session, settings).opened
    actions.acknowledge(session, alert, by="ola", now=NOW)
    session.query(TrainedModel).filter_by(version=OLD).update({"alert_line": 0.02})
    session.expire_all()

    assert review(session, settings, hours=1).woken == 0
    assert alert.risk_acknowledged == pytest.approx(alert.risk)


@pytest.mark.parametrize("risk", [0.0, 0.01, 0.3, 0.99, 1.0])
def test_carried_there_and_back_is_the_same(risk):
    assert rules.carried(rules.carried(risk, 0.1, 0.4), 0.4, 0.1) == pytest.approx(risk)
