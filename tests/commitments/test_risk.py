"""When a promise is at risk, and when that begins anew."""

from datetime import date, timedelta

import pytest

from models import Alert, AuditEntry, Better, CommitmentState, Danger, Metric, Resolution
from service.commitments import rules
from service.kit.hours import Hours
from tests import make
from tests.commitments.conftest import BAD, GOOD

FRIDAY = date(2026, 3, 6)


@pytest.mark.parametrize(
    ("values", "off"),
    [
        ((GOOD,) * 3 + (BAD,) * 4, True),  # most of the last days
        ((BAD,) * 7 + (GOOD,) * 4, False),  # mended since
        ((GOOD,) * 6 + (0.9,), False),  # one bad day, however bad
        ((BAD,) * 4 + (GOOD,) + (BAD,) * 2, True),  # one good day mends nothing
        ((BAD, BAD), False),  # too few days to speak of
    ],
)
def test_a_promise_with_a_metric_is_at_risk_while_most_of_the_last_days_miss_it(measured, promised, look, values, off):
    measured(*values)
    promised(bound=True)

    (commitment,) = look()

    assert commitment.at_risk is off
    assert commitment.danger == ("off_target" if off else None)


def test_what_is_higher_the_better_is_missed_from_below():
    assert rules.run_of([0.9, 0.97, 0.9], Better.HIGHER, 0.95).off == 2
    assert rules.run_of([0.9, 0.97, 0.9], Better.LOWER, 0.95).off == 1
    assert rules.run_of([0.9] * 7, Better.NEUTRAL, 0.95) is None


def test_a_promise_of_next_quarter_waits_until_it_is_near(measured, promised, look, later):
    promised(bound=True, due=FRIDAY + timedelta(days=60))
    measured(*(BAD,) * 7)
    assert not look()[0].at_risk

    later(days=50)
    measured(*(BAD,) * 7)

    assert look()[0].at_risk


@pytest.mark.parametrize(("due", "at_risk"), [(4, True), (3, True), (5, False), (9, False)])
def test_without_a_metric_an_alert_speaks_two_working_days_before(db, account, promised, look, due, at_risk):  # noqa: PLR0917
    with db.begin() as session:
        make.alert(session, account)
    promised(due=date(2026, 3, due))

    assert look()[0].at_risk is at_risk


def test_a_weekend_and_a_holiday_are_no_working_days():
    berlin = Hours("Europe/Berlin", "12345", free="DE")

    assert rules.working_days(berlin, date(2026, 4, 2), date(2026, 4, 7)) == 1  # Easter lies between
    assert rules.working_days(berlin, date(2026, 4, 2), date(2026, 4, 9)) == 3


def test_without_an_alert_nothing_speaks(promised, look):
    promised(due=date(2026, 3, 3))

    assert not look()[0].at_risk


def test_a_day_that_passed_without_a_word_is_a_risk_on_the_clients_calendar(db, account, promised, look, later):
    promised(due=date(2026, 3, 2))
    later(hours=10, minutes=59)
    assert not look()[0].at_risk

    later(minutes=20)  # midnight in Berlin has passed, in London it has not

    assert look()[0].danger is Danger.OVERDUE


@pytest.mark.parametrize(("hours_of_calm", "episodes"), [(24, 1), (71, 1), (73, 2)])
def test_what_comes_back_soon_is_the_same_episode(measured, promised, look, later, rows, hours_of_calm, episodes):  # noqa: PLR0917
    promised(bound=True, due=FRIDAY + timedelta(days=10))
    found = set()
    for values, hours in (((BAD,) * 7, 0), ((GOOD,) * 7, 1), ((BAD,) * 7, hours_of_calm)):
        later(hours=hours)
        measured(*values)
        found.add(look()[0].at_risk_since)

    assert len(found) == episodes
    assert [line.action for line in rows(AuditEntry)] == ["commitment.at_risk", "commitment.calm", "commitment.at_risk"]


def test_a_closed_promise_is_not_looked_at(measured, promised, look):
    measured(*(BAD,) * 7)
    closed = {"closed_at": make.MONDAY, "closed_by": "ola@example.com"}
    promised(bound=True, state=CommitmentState.KEPT, **closed)

    assert look()[0].looked_at is None


def test_a_promise_is_looked_at_every_quarter_of_an_hour(db, measured, promised, look, later):
    promised(bound=True)
    first = look()[0].looked_at
    later(minutes=14)
    assert look()[0].looked_at == first

    later(minutes=1)

    assert look()[0].looked_at > first


def test_totals_and_gauges_are_held_day_by_day(db, account, promised, look):
    yesterday = make.MONDAY - timedelta(days=1)
    with db.begin() as session:
        metric = session.query(Metric).one()
        metric.combine, metric.target = "sum", 10.0
        for day in range(4):
            for item in "ab":
                make.observation(session, account, metric, 6.0, at=yesterday - timedelta(days=day), item_id=item)
        commitment = make.commitment(session, account, metric_id=metric.id, target=10.0)
    assert (look()[0].days, look()[0].off_days, look()[0].measured) == (4, 4, 12.0)

    with db.begin() as session:
        session.query(Metric).one().combine = "last"
        session.get(type(commitment), commitment.id).looked_at = None

    assert (look()[0].off_days, look()[0].measured) == (0, 6.0)


def test_an_alert_that_ends_calms_a_promise_without_a_metric(db, account, promised, look, later):
    with db.begin() as session:
        make.alert(session, account)
    promised(due=date(2026, 3, 3))
    assert look()[0].at_risk
    with db.begin() as session:
        alert = session.query(Alert).one()
        alert.resolved_at, alert.resolution = later(hours=1), Resolution.FIXED

    assert not look()[0].at_risk
