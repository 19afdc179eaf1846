"""Which complaints could have been told first, on cases small enough to work out by hand."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from service.scoring.past import DAY
from tests.training.test_evaluation import _dataset
from training import head_start
from training.dataset import Complaints
from training.profiles import NOTHING, SCHEMA, Profiles

# Weeks begin on Thursdays, 00:00 UTC, as the first of January 1970 was one.
ACCOUNTS, WEEKS = 3, 5


def _test(complaints):
    account, week = np.tile(np.arange(ACCOUNTS), WEEKS), np.repeat(np.arange(WEEKS), ACCOUNTS)
    return _dataset(account, week, np.zeros(ACCOUNTS * WEEKS), complaints=complaints)


def _flags(test, *rows):
    """Rows are (account, week)."""
    return np.array([pair in rows for pair in zip(test.account, test.as_of // (7 * DAY), strict=True)])


def test_the_head_start_runs_from_the_first_flag_within_the_horizon():
    test = _test([(1, 24)])

    hours, days = head_start.reach(test, NOTHING).starts(_flags(test, (1, 1), (1, 2), (1, 3)))

    # Of the weeks that begin on days 7, 14 and 21, the first within 14 days is day 14; 10 days with 7 working days.
    assert days.tolist() == [10]
    assert hours.tolist() == [7 * 8]


def test_a_complaint_that_was_not_flagged_has_no_head_start():
    test = _test([(1, 24), (2, 24)])

    hours, _ = head_start.reach(test, NOTHING).starts(_flags(test, (2, 0), (2, 4), (0, 3)))

    assert np.isnan(hours).all()


def test_a_flag_at_the_moment_of_the_complaint_is_too_late():
    test = _test([(1, 21)])

    hours, _ = head_start.reach(test, NOTHING).starts(_flags(test, (1, 3)))

    assert np.isnan(hours).all()


def test_complaints_count_where_the_whole_horizon_before_them_was_watched():
    # The first week begins on day 0, the last on day 28 and ends on day 35; account 7 takes no part.
    test = _test([(0, 10), (0, 14), (1, 15), (1, 35), (2, 36), (7, 20)])

    assert head_start.reach(test, NOTHING).account.tolist() == [1, 1]


def test_hours_are_counted_on_the_clock_of_the_rep():
    at = np.array([14 * DAY + 15 * DAY // 24])
    test = replace(_test([]), complaints=Complaints(np.array([1]), at))
    rows = [(1, None, None, "Asia/Tokyo")]
    tokyo = Profiles(pl.DataFrame(rows, schema=SCHEMA, orient="row"))

    # Thursday 00:00 to 15:00 UTC: six hours of London's day, eight of Tokyo's, where it is 09:00 and midnight.
    for profiles, worked in ((NOTHING, 6), (tokyo, 8)):
        hours, _ = head_start.reach(test, profiles).starts(_flags(test, (1, 2)))
        assert hours.tolist() == [worked]


def test_new_complaints_are_told_apart_from_repeated_ones_and_every_lead_is_a_share():
    test = _test([(0, 15), (0, 20), (1, 15)])
    flagged = _flags(test, (0, 1), (1, 2))

    found = head_start.potential(head_start.reach(test, NOTHING), flagged)

    assert [found[kind]["complaints"] for kind in ("all", "new", "repeated")] == [3, 2, 1]
    # Account 0 was flagged on day 7, 8 and 13 days before; account 1 on day 14, a day before.
    assert [found["new"][lead] for lead in head_start.LEADS] == [1.0, 1.0, 0.5, 0.5]
    assert found["repeated"]["7_days"] == 1.0
    assert found["all"]["head_start_days_median"] == 8


def test_without_complaints_nothing_is_claimed():
    found = head_start.potential(head_start.reach(_test([]), NOTHING), np.ones(ACCOUNTS * WEEKS, dtype=bool))

    assert found["all"] == pytest.approx(
        {"complaints": 0} | dict.fromkeys([*head_start.LEADS, "head_start_hours_median", "head_start_days_median"])
    )
