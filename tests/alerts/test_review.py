"""The review: which accounts get an alert, which wait, and what becomes of the alerts there are."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models import Account, Alert, AlertStatus, Resolution, Score, TrainedModel
from models.trained_model import ModelStatus
from service.alerts import actions, queries
from tests import make

NOW = make.MONDAY


def risk_is(session, account, risk, **facts):
    """Let the account's score be `risk`."""
    from_before = session.get(Score, account.id)
    if from_before is None:
        return make.score(session, account, risk, **facts)
    from_before.risk = risk
    session.flush()
    return from_before


@pytest.fixture
def review(session, settings):
    """Review at Monday noon, or so much later."""

    def run(limits=settings, **span):
        reviewed = actions.review(session, limits, now=NOW + timedelta(**span))
        session.flush()
        session.expire_all()
        return reviewed

    return run


@pytest.fixture
def account(session):
    return make.account(session)


def test_a_risk_over_the_line_opens_an_alert_with_the_reasons_of_the_score(session, review, account):
    score = risk_is(session, account, 0.83)

    (alert,) = review().opened

    assert (alert.account_id, alert.risk_opened, alert.line, alert.reasons) == (account.id, 0.83, 0.7, score.reasons)
    assert alert.opened_at == alert.asked_at == NOW
    assert [(event.kind, event.detail["why"]) for event in queries.events(session, alert.id)] == [
        ("opened", "The risk of 83 % is over the line of 70 %.")
    ]


def test_a_risk_under_the_line_opens_nothing(session, review, account):
    risk_is(session, account, 0.69)

    assert review().opened == []


def test_a_new_alert_belongs_to_the_owner_of_the_account(session, review):
    risk_is(session, make.account(session, owner_email="ola@example.com"), 0.9)

    (alert,) = review().opened

    assert alert.assigned_to == "ola@example.com"


def test_an_account_with_a_live_alert_gets_no_second_one_but_the_alert_follows_the_risk(session, review, account):
    risk_is(session, account, 0.8)
    (alert,) = review().opened
    risk_is(session, account, 0.95)

    assert review(hours=1).opened == []
    assert (alert.risk, alert.risk_opened, alert.version) == (0.95, 0.8, 1)


def test_a_score_is_compared_with_the_line_of_the_model_that_made_it(session, review):
    facts = {"sha256": "0" * 64, "card": {}, "trained_at": NOW}
    session.add(TrainedModel(version="v1", status=ModelStatus.RETIRED, alert_line=0.5, **facts))
    session.add(TrainedModel(version="v2", status=ModelStatus.ACTIVE, alert_line=0.2, **facts))
    session.add(TrainedModel(version="v3", status=ModelStatus.CANDIDATE, alert_line=0.1, **facts))
    for model, risk in (("starter", 0.6), ("v1", 0.4), ("v1", 0.55), ("v2", 0.21), ("v3", 0.9)):
        risk_is(session, make.account(session), risk, model=model)

    assert [(alert.model, alert.line) for alert in review().opened] == [("v1", 0.5), ("v2", 0.2)]


def test_the_riskiest_open_first_and_a_storm_waits(session, review, settings):
    small = settings.model_copy(update={"alerts_per_day": 1.5})
    for hundredths in range(70, 100, 2):
        risk_is(session, make.account(session), hundredths / 100)

    reviewed = review(small)

    assert [alert.risk for alert in reviewed.opened] == [0.98, 0.96, 0.94]
    assert reviewed.waiting == actions.waiting(session, small, now=NOW) == 12


def test_the_value_at_stake_decides_who_opens_within_the_budget(session, review, settings):
    for name, rise, value in (
        ("noisy", 0.05, 100_000.0),
        ("rising", 0.5, 100_000.0),
        ("large", 0.2, 900_000.0),
        ("of unknown value", 0.3, None),
        ("of no value", 0.6, 0.0),
    ):
        make.score(session, make.account(session, name=name, value=value), 0.9, rise=rise)

    opened = review(settings.model_copy(update={"alerts_per_day": 2})).opened

    # 900,000 x .2 comes before an average 275,000 x .3, 100,000 x .5 and 100,000 x .05.
    names = [session.get(Account, alert.account_id).name for alert in opened]
    assert names == ["large", "of unknown value", "rising", "noisy"]


def test_there_is_room_again_after_a_day(session, review, settings):
    small = settings.model_copy(update={"alerts_per_day": 0.2})
    for risk in (0.9, 0.8):
        risk_is(session, make.account(session), risk)

    assert [alert.risk for alert in review(small).opened] == [0.9]
    assert review(small, hours=23).opened == []
    assert [alert.risk for alert in review(small, hours=24).opened] == [0.8]


def test_a_thousand_crossings_of_the_line_in_an_hour_open_one_alert(session, review, account):
    opened = 0
    for crossing in range(1_000):
        risk_is(session, account, 0.75 if crossing % 2 == 0 else 0.3)
        opened += len(review(seconds=3.6 * crossing).opened)

    assert opened == 1
    (alert,) = session.scalars(select(Alert))
    assert alert.status is AlertStatus.OPEN
    assert len(queries.events(session, alert.id)) == 1


def test_an_alert_fades_after_two_calm_days(session, review, account):
    risk_is(session, account, 0.8)
    (alert,) = review().opened
    risk_is(session, account, 0.5)
    review(hours=1)

    assert review(hours=48).faded == 0
    assert review(hours=49).faded == 1
    assert (alert.resolution, alert.resolved_by) == (Resolution.FADED, "headsup")


def test_a_risk_just_under_the_line_is_not_calm(session, review, account):
    risk_is(session, account, 0.8)
    (alert,) = review().opened
    risk_is(session, account, 0.6)

    assert review(days=30).faded == 0
    assert alert.below_since is None


def test_being_over_the_line_once_more_ends_the_calm(session, review, account):
    risk_is(session, account, 0.8)
    review()
    for hours, risk in ((1, 0.4), (47, 0.7), (48, 0.4)):
        risk_is(session, account, risk)
        review(hours=hours)

    assert review(hours=95).faded == 0
    assert review(hours=96).faded == 1


def test_an_alert_that_somebody_works_on_never_fades_but_shows_that_the_risk_fell(session, review, account):
    risk_is(session, account, 0.8)
    (alert,) = review().opened
    actions.acknowledge(session, alert, by="ola", now=NOW)
    risk_is(session, account, 0.1)
    review(hours=1)

    assert review(days=30).faded == 0
    assert (alert.status, alert.below_since) == (AlertStatus.ACKNOWLEDGED, NOW + timedelta(hours=1))


def test_the_cool_down_keeps_quiet_after_an_alert_has_ended(session, review, account):
    risk_is(session, account, 0.8)
    (alert,) = review().opened
    actions.resolve(session, alert, "Rerouted.", by="ola", now=NOW)

    assert review(hours=71).opened == []
    assert len(review(hours=72).opened) == 1


@pytest.mark.parametrize(
    ("again", "opens"),
    [
        ((0.85, 13), False),  # Called wrong: the same risk is quiet for two weeks.
        ((0.85, 14), True),  # Then it may ask again.
        ((0.95, 4), True),  # A clearly higher risk asks after the usual cool-down.
        ((0.95, 2), False),  # But not sooner.
    ],
)
def test_an_alert_called_wrong_cools_longer(session, review, account, again, opens):
    risk, days = again
    risk_is(session, account, 0.8)
    (alert,) = review().opened
    actions.mark_wrong(session, alert, "Test orders.", by="ola", now=NOW)
    risk_is(session, account, risk)

    assert bool(review(days=days).opened) is opens


def test_a_snoozed_alert_wakes_when_its_time_is_over(session, review, account):
    risk_is(session, account, 0.8)
    (alert,) = review().opened
    actions.snooze(session, alert, until=NOW + timedelta(hours=5), risk=None, by="ola", now=NOW)

    assert review(hours=4).woken == 0
    assert review(hours=5).woken == 1
    assert (alert.status, alert.asked_at) == (AlertStatus.OPEN, NOW + timedelta(hours=5))


def test_a_snoozed_alert_wakes_when_the_risk_reaches_the_height_named(session, review, account):
    risk_is(session, account, 0.8)
    (alert,) = review().opened
    actions.snooze(session, alert, until=None, risk=0.9, by="ola", now=NOW)
    risk_is(session, account, 0.89)
    assert review(hours=1).woken == 0
    risk_is(session, account, 0.9)

    assert review(hours=2).woken == 1
    assert queries.events(session, alert.id)[-1].detail["why"] == "The risk rose to 90 %; it was to sleep until 90 %."


def test_an_acknowledgement_does_not_hide_a_risk_that_goes_on_rising(session, review, account):
    risk_is(session, account, 0.75)
    (alert,) = review().opened
    actions.acknowledge(session, alert, by="ola", now=NOW)
    risk_is(session, account, 0.85)
    assert review(hours=1).woken == 0
    risk_is(session, account, 0.91)

    assert review(hours=2).woken == 1
    assert alert.status is AlertStatus.OPEN


def test_an_acknowledged_alert_asks_again_when_the_trouble_returns_after_calm_days(session, review, account):
    risk_is(session, account, 0.8)
    (alert,) = review().opened
    actions.acknowledge(session, alert, by="ola", now=NOW)
    for hours, risk in ((1, 0.3), (60, 0.75)):
        risk_is(session, account, risk)
        reviewed = review(hours=hours)

    assert reviewed.woken == 1
    assert alert.status is AlertStatus.OPEN


def with_quiet_line(session):
    """Let a model speak whose line is 60 %, and 30 % for quiet accounts."""
    session.add(
        TrainedModel(
            version="m", status=ModelStatus.ACTIVE, sha256="0" * 64, card={}, alert_line=0.6, quiet_line=0.3,
            trained_at=NOW, promoted_at=NOW,
        )
    )  # fmt: skip


def test_a_quiet_account_has_a_lower_line(session, review, account):
    with_quiet_line(session)
    risk_is(session, account, 0.4, model="m")

    (alert,) = review().opened

    assert alert.line == 0.3
    assert [event.detail["why"] for event in queries.events(session, alert.id)] == [
        "The risk of 40 % is over the line of 30 % for accounts without a complaint in 28 days."
    ]


@pytest.mark.parametrize(("days_ago", "opened"), [(27, 0), (29, 1)])
def test_an_account_is_quiet_after_four_weeks_without_a_complaint(session, review, account, days_ago, opened):
    with_quiet_line(session)
    make.complaint(session, account, at=NOW - timedelta(days=days_ago))
    risk_is(session, account, 0.4, model="m")

    assert len(review().opened) == opened


def test_an_alert_of_a_quiet_account_calms_down_by_its_own_line(session, review, account):
    with_quiet_line(session)
    risk_is(session, account, 0.4, model="m")
    review()
    risk_is(session, account, 0.29)
    assert review(hours=1).faded == review(hours=60).faded == 0

    risk_is(session, account, 0.2)
    review(hours=61)

    assert review(hours=110).faded == 1
