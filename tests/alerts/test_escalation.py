"""Nobody answers: the lead hears of it, once."""

from datetime import timedelta

import pytest

from service.alerts import actions, queries
from tests import make

NOW = make.MONDAY


@pytest.fixture
def alert(session):
    return make.alert(session, make.account(session))


@pytest.fixture
def escalate(session, settings):
    def run(**span):
        return actions.escalate(session, settings, now=NOW + timedelta(**span))

    return run


def test_an_unanswered_alert_is_escalated_after_an_hour(escalate, alert):
    assert escalate(minutes=59) == []
    assert escalate(minutes=60) == [alert]
    assert alert.escalated_at == NOW + timedelta(hours=1)


def test_it_is_escalated_once(session, escalate, alert):
    escalate(hours=1)

    assert escalate(hours=2) == []
    assert [event.kind for event in queries.events(session, alert.id)] == ["escalated"]


def test_what_is_escalated_comes_with_its_account_and_rep(session, escalate, alert):
    session.expunge_all()

    (found,) = escalate(hours=1)

    assert found.account.rep.name == "Rita Reyes"


def test_an_answered_alert_is_not_escalated(session, escalate, alert):
    actions.acknowledge(session, alert, by="ola", now=NOW)

    assert escalate(hours=5) == []


def test_a_sleeping_alert_is_not_escalated(session, escalate, alert):
    actions.snooze(session, alert, until=None, risk=0.9, by="ola", now=NOW)

    assert escalate(hours=5) == []


def test_a_woken_alert_has_its_own_hour(session, settings, escalate, alert):
    escalate(hours=1)
    actions.snooze(session, alert, until=NOW + timedelta(hours=10), risk=None, by="ola", now=NOW + timedelta(hours=2))
    actions.review(session, settings, now=NOW + timedelta(hours=10))

    assert escalate(hours=10, minutes=59) == []
    assert escalate(hours=11) == [alert]
