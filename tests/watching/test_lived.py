"""Risks are held against what became of them, when that is known."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from models import AlertEvent, ModelDay, WatchDay
from service.watching import daily, lived, rules, words
from service.watching.lived import Acted, Outcomes
from tests import make

# Its outcomes are known since yesterday: the day ends at midnight, and fourteen days have passed.
DAY = make.MONDAY.date() - timedelta(days=16)
NIGHT = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC) + timedelta(days=1)


@pytest.fixture
def company(db):
    """Four accounts scored on a day; the first and the third complained after it. A fifth keeps complaints coming."""
    with db.begin() as session:
        accounts = [make.account(session) for _ in range(5)]
        for account, risk in zip(accounts, (0.9, 0.8, 0.4, 0.1), strict=False):
            make.risk_days(session, account, [risk], until=NIGHT - timedelta(hours=1))
            make.score(session, account, risk)
        make.complaint(session, accounts[0], at=NIGHT + timedelta(days=14))
        make.complaint(session, accounts[2], at=NIGHT + timedelta(seconds=1))
        for age in range(80):
            make.complaint(session, accounts[4], at=make.MONDAY - timedelta(days=age, hours=5))
    return accounts


@pytest.fixture
def watch(db, settings):
    """Run the daily round and read a day of the starter score."""

    def round_of(now, day=DAY):
        daily.run(db, settings, now=now)
        with db.read() as session:
            return session.get(ModelDay, ("starter", day, False))

    return round_of


def test_a_day_of_which_all_is_known_is_measured_exactly(company, watch):
    day = watch(make.MONDAY)

    assert (day.mature, day.scored, day.complained) == (True, 4, 2)
    assert (day.line, day.over, day.over_hits, day.top, day.top_hits) == (0.7, 2, 1, 1, 1)
    assert day.risk_sum == pytest.approx(2.2)
    assert day.over_risk == pytest.approx(1.7)
    # The complaints stand at the first and third places of the list: (1/1 + 2/3) / 2.
    assert day.average_precision == pytest.approx(5 / 6)
    assert [each for each in day.bins if each[0]] == [[1, 0.1, 0], [1, 0.4, 1], [1, 0.8, 0], [1, 0.9, 1]]


@pytest.mark.parametrize(("acted_after", "scored"), [(timedelta(days=13), 3), (timedelta(days=15), 4)])
def test_who_was_looked_after_and_did_not_complain_is_no_false_alarm(db, company, watch, acted_after, scored):
    at = NIGHT + acted_after
    with db.begin() as session:
        alert = make.alert(session, company[1], at=NIGHT)
        session.add(AlertEvent(alert_id=alert.id, at=at, kind="acknowledged", actor="ola@example.com", detail={}))

    day = watch(make.MONDAY + timedelta(days=1))

    assert (day.mature, day.scored, day.over, day.over_hits) == (True, scored, scored - 2, 1)
    assert day.acted_on == 4 - scored


def test_a_complaint_that_comes_in_late_changes_the_day(db, company, watch):
    watch(make.MONDAY)
    with db.begin() as session:
        make.complaint(session, company[1], at=NIGHT + timedelta(days=3))

    day = watch(make.MONDAY + timedelta(days=1))

    assert (day.complained, day.over_hits) == (3, 2)


def test_a_complaint_before_the_end_of_the_day_or_after_the_horizon_is_no_outcome(db, company, watch):
    with db.begin() as session:
        make.complaint(session, company[1], at=NIGHT)
        make.complaint(session, company[3], at=NIGHT + timedelta(days=14, seconds=1))

    assert watch(make.MONDAY).complained == 2


def test_a_day_is_not_judged_before_its_horizon_has_passed(db, company, watch):
    with db.begin() as session:
        make.risk_days(session, company[0], [0.9, 0.9], until=NIGHT + timedelta(days=1))

    passed, coming = (watch(make.MONDAY, DAY + timedelta(days=after)) for after in (1, 2))

    assert (passed.mature, passed.complained) == (True, 1)
    assert (coming.mature, coming.complained, coming.scored) == (False, 0, 1)


def test_no_day_is_judged_while_complaints_are_not_sent(db, settings, watch):
    with db.begin() as session:
        account = make.account(session)
        make.score(session, account, 0.9)
        make.risk_days(session, account, [0.9], until=NIGHT - timedelta(hours=1))
        for age in range(60):
            make.complaint(session, account, at=NIGHT + timedelta(days=3) - timedelta(days=age))

    day = watch(make.MONDAY)

    assert (day.scored, day.mature) == (1, False)


def test_the_round_is_done_once_a_day(db, settings, company, clock):
    assert daily.run(db, settings, now=clock.at) > 0
    assert daily.run(db, settings, now=clock.at + timedelta(hours=11)) == 0
    assert daily.run(db, settings, now=clock.at + timedelta(hours=12)) > 0


def test_a_day_tells_how_many_are_scored_lack_an_input_and_were_alerted(db, settings, clock):
    with db.begin() as session:
        scored, stale, silent = (make.account(session) for _ in range(3))
        metric = make.metric(session)
        for account, age in ((scored, 1), (stale, 2), (silent, 100)):
            make.observation(session, account, metric, 0.1, at=make.MONDAY - timedelta(days=age))
        make.score(session, scored, 0.9, missing=["late_share"])
        make.score(session, stale, 0.2, at=make.MONDAY - timedelta(days=2))
        make.alert(session, scored, at=make.MONDAY - timedelta(hours=20))
        make.alert(session, stale, at=make.MONDAY - timedelta(hours=30))

    daily.run(db, settings, now=clock.at)

    with db.read() as session:
        day = session.get(WatchDay, make.MONDAY.date())
    assert (day.accounts, day.scored, day.lacking, day.over_line, day.alerts) == (2, 1, 1, 1, 1)


def test_days_that_are_too_old_are_forgotten(db, settings, company, clock):
    daily.run(db, settings, now=clock.at)

    daily.run(db, settings, now=clock.at + timedelta(days=settings.watch_keep_days + 20))

    with db.read() as session:
        assert session.query(ModelDay).count() == 0
        assert session.query(WatchDay).count() == 1


def test_an_account_is_followed_by_its_own_complaints_only():
    at = int(NIGHT.timestamp())
    outcomes = Outcomes(np.array([1, 1, 3]), np.array([at - 5, at + 86_400, at + 86_400]), None, 14, Acted.of([]))

    followed = outcomes.followed(np.array([1, 2, 3, 4]), [DAY] * 4)

    assert followed.tolist() == [True, False, True, False]


def test_what_operations_did_is_told_as_a_share_of_the_horizon():
    at, day = int(NIGHT.timestamp()), 86_400
    acted = Acted(np.array([1, 1, 3]), np.array([at - day, at + 10 * day, at]), np.array([at + day, at + 20 * day, at]))
    outcomes = Outcomes(np.array([]), np.array([]), None, 14, acted)

    share = outcomes.share_acted(np.array([2, 1, 3, 1]), [DAY, DAY, DAY, DAY - timedelta(days=30)])

    assert share.tolist() == pytest.approx([0, 5 / 14, 0, 0])


def test_complaints_are_known_some_gaps_past_the_last_one():
    last = make.MONDAY - timedelta(days=30)

    assert lived.known_through(last, timedelta(hours=1), now=make.MONDAY) == last + timedelta(days=2)
    assert lived.known_through(last, timedelta(days=3), now=make.MONDAY) == last + timedelta(days=15)
    assert lived.known_through(last, timedelta(days=9), now=make.MONDAY) == make.MONDAY
    assert lived.known_through(None, timedelta(), now=make.MONDAY) is None


def test_risks_that_are_the_same_count_together():
    hit = np.array([True, False, False, True])

    assert lived.average_precision(hit, np.array([0.5, 0.5, 0.5, 0.5])) == pytest.approx(0.5)
    assert lived.average_precision(hit, np.array([0.4, 0.3, 0.2, 0.1])) == pytest.approx((1 + 2 / 4) / 2)
    assert lived.average_precision(np.zeros(4, dtype=bool), np.arange(4.0)) is None


def test_a_week_counts_an_account_once_for_all_its_days():
    days = [_day(date(2026, 2, 2 + place)) for place in range(7)]

    week = rules.weeks(days)[0]

    assert (week.days, week.over, week.right) == (7, 70, 0.6)
    assert (week.low, week.high) == pytest.approx(rules.wilson(0.6, 10))
    assert week.high - week.low > 0.4


def test_how_many_were_left_out_is_said():
    week = rules.weeks([_day(date(2026, 2, 2 + place)) for place in range(7)])[0]

    assert words.left_out(week).startswith("3.0 accounts a day are left out, since operations acted on them")


def _day(day):
    counts = {"scored": 100, "acted_on": 3, "risk_sum": 12.0, "over": 10, "over_risk": 6.5, "top": 5, "complained": 12}
    hits = {"over_hits": 6, "top_hits": 4, "average_precision": 0.6, "bins": [[90, 6.0, 6], [10, 6.0, 6]]}
    return ModelDay(model="m", day=day, shadow=False, line=0.5, mature=True, **counts, **hits)
