"""Working hours are counted on the wall clock, over nights, weekends, holidays and changes of the clocks."""

from datetime import UTC, datetime, timedelta

import pytest

from service.kit.hours import Hours

FRIDAY = datetime(2026, 3, 27, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "hours", "answered"),
    [
        ("2026-03-24T10:00", 4, "2026-03-24T14:00"),
        ("2026-03-24T17:00", 4, "2026-03-25T08:00"),  # 2 h until 20:00 in Berlin, 2 h from 07:00
        ("2026-03-24T22:00", 1, "2026-03-25T07:00"),
        ("2026-03-27T18:00", 2, "2026-03-30T06:00"),  # the clocks go forward on the Sunday
        ("2026-04-02T17:00", 2, "2026-04-07T06:00"),  # Good Friday and Easter Monday are free
        ("2026-04-02T18:00", 1, "2026-04-07T06:00"),
        ("2026-03-23T06:00", 26, "2026-03-24T19:00"),
    ],
)
def test_so_much_working_time_has_gone_by(asked, hours, answered):
    berlin = Hours("Europe/Berlin", "12345", "20:00-07:00", "DE")

    moment = berlin.after(datetime.fromisoformat(asked).replace(tzinfo=UTC), timedelta(hours=hours))

    assert moment == datetime.fromisoformat(answered).replace(tzinfo=UTC)


def test_who_works_in_the_night_is_given_the_night():
    night = Hours("UTC", "12345", "06:00-22:00")

    assert night.after(FRIDAY, timedelta(hours=7)) == FRIDAY + timedelta(hours=23)


def test_who_is_always_there_or_never_is_given_all_hours():
    for hours in (Hours("UTC"), Hours("UTC", quiet="06:00-06:01")):
        assert hours.after(FRIDAY, timedelta(hours=100)) >= FRIDAY + timedelta(hours=100)
