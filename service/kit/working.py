"""Working hours: Monday to Friday, 9:00 to 17:00 on the wall clock of a place."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

WORK_BEGINS, WORK_ENDS = 9, 17
WORK_DAYS = 5
EPOCH = datetime(2000, 1, 3)  # noqa: DTZ001 (a Monday on the wall clock, wherever it hangs)


def hours_between(since: datetime, until: datetime, time_zone: str) -> float:
    """Working hours on the wall clock of a time zone, between two moments.

    Clocks are put forward and back outside these hours, so a working day has 8 of them on either side.
    """
    return max(0.0, hours_until(until, time_zone) - hours_until(since, time_zone))


def hours_until(moment: datetime, time_zone: str) -> float:
    """Working hours from the epoch to a moment, counted on the wall."""
    since = moment.astimezone(_zone(time_zone)).replace(tzinfo=None) - EPOCH
    weeks, day = divmod(since.days, 7)
    day_length = WORK_ENDS - WORK_BEGINS
    today = min(max(since.seconds / 3600 - WORK_BEGINS, 0.0), day_length) if day < WORK_DAYS else 0.0
    return (weeks * WORK_DAYS + min(day, WORK_DAYS)) * day_length + today


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
