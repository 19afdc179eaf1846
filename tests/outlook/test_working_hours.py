"""The head start in the working hours of the rep: Monday to Friday, 9:00 to 17:00 where the rep is."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.kit import working

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"


def at(text, zone):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("since", "until", "zone", "hours"),
    [
        # Within one day.
        ("2026-03-02 10:00", "2026-03-02 12:30", BERLIN, 2.5),
        # Told at night, called at ten: one hour, not ten.
        ("2026-03-02 00:00", "2026-03-02 10:00", BERLIN, 1),
        # Overnight.
        ("2026-03-02 16:00", "2026-03-03 10:00", BERLIN, 2),
        # Told on Friday afternoon, called on Monday morning: the weekend gave nobody time.
        ("2026-03-06 16:30", "2026-03-09 09:30", BERLIN, 1),
        # Told on Saturday, called on Sunday.
        ("2026-03-07 10:00", "2026-03-08 16:00", BERLIN, 0),
        # Two whole weeks.
        ("2026-03-02 09:00", "2026-03-16 09:00", BERLIN, 80),
        # Clocks go forward on Sunday the 29th: a week is 167 hours long and has 40 working hours.
        ("2026-03-26 09:00", "2026-04-02 09:00", BERLIN, 40),
        # The hours on both sides of the change are those of the wall clock.
        ("2026-03-27 16:00", "2026-03-30 10:00", BERLIN, 2),
        # Clocks go back on Sunday the 1st of November.
        ("2026-10-30 16:00", "2026-11-02 10:00", NEW_YORK, 2),
        # Before the epoch of the count, too.
        ("1999-12-31 16:00", "2000-01-03 10:00", BERLIN, 2),
    ],
)
def test_working_hours_between_two_moments(since, until, zone, hours):
    assert working.hours_between(at(since, zone), at(until, zone), zone) == pytest.approx(hours)


def test_the_same_moments_are_other_hours_elsewhere():
    since, until = at("2026-03-02 09:00", BERLIN), at("2026-03-02 17:00", BERLIN)

    assert working.hours_between(since, until, NEW_YORK) == 2  # 3:00 to 11:00 in New York.


@pytest.mark.parametrize("zone", ["Nowhere/Atlantis", "", "../etc/passwd"])
def test_a_time_zone_that_nobody_knows_is_read_as_utc(zone):
    assert working.hours_between(at("2026-03-02 10:00", "UTC"), at("2026-03-02 12:00", "UTC"), zone) == 2


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 (the strategy adds the zone)
    st.integers(0, 20 * 24 * 4),
    st.sampled_from(["UTC", BERLIN, NEW_YORK, "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
def test_they_agree_with_counting_quarters_of_an_hour(start, quarters, zone):
    since = start.replace(minute=0, second=0, microsecond=0, tzinfo=UTC)
    walls = [(since + timedelta(minutes=15 * n)).astimezone(ZoneInfo(zone)) for n in range(quarters)]
    counted = sum(wall.weekday() < 5 and 9 <= wall.hour < 17 for wall in walls) / 4

    assert working.hours_between(since, since + timedelta(minutes=15 * quarters), zone) == pytest.approx(counted)
