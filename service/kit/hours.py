"""When a person reads mail: working days, quiet hours and holidays, on the wall clock of a place; pure.

Schedules are wall times and are turned into moments each time: a week of 7 x 24 hours would drift with the clocks.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo

import holidays
from pydantic import AfterValidator, Field

from service.kit.errors import Unavailable

QUIET = re.compile("([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")
A_DAY = timedelta(days=1)
# Longer than any row of free days: who never works is told all the same.
LONGEST_REST = 30


class HolidaysUnknown(Unavailable):
    """Nobody knows the holidays of that place."""


@dataclass(frozen=True)
class Hours:
    """When somebody may be disturbed.

    `work_days` are digits, 1 is Monday. `quiet` are wall times like "20:00-07:00"; the same twice means no quiet.
    A time that is open belongs to the day on which it begins. `free` is a country or a part of one, like "DE-BY".
    """

    time_zone: str
    work_days: str = "1234567"
    quiet: str = "00:00-00:00"
    free: str = ""

    def day(self, moment: datetime) -> date:
        """The day that the wall calendar shows."""
        return moment.astimezone(ZoneInfo(self.time_zone)).date()

    def wall(self, day: date, at: time) -> datetime:
        """The moment at which the wall clock shows that; after a gap in it, as much later as was left out."""
        return datetime.combine(day, at, ZoneInfo(self.time_zone)).astimezone(UTC)

    def is_open(self, moment: datetime) -> bool:
        return self.next_open(moment) == moment

    def next_open(self, moment: datetime) -> datetime:
        """That moment, or the first one after it at which mail may come."""
        first = self.day(moment) - A_DAY
        for day in (first + offset * A_DAY for offset in range(LONGEST_REST)):
            opens, closes = self._open(day)
            if closes > moment and self.works(day):
                return max(moment, opens)
        return moment

    def next_day(self, moment: datetime) -> datetime:
        """When mail may come again on a later day of the calendar."""
        return self.next_open(self.wall(self.day(moment) + A_DAY, time()))

    def after(self, moment: datetime, lasting: timedelta) -> datetime:
        """When so much open time has gone by; where it is never open, all time counts."""
        while (closes := self._closes(opened := self.next_open(moment))) and lasting > closes - opened:
            moment, lasting = closes, lasting - (closes - opened)
        return opened + lasting

    def works(self, day: date) -> bool:
        return str(day.isoweekday()) in self.work_days and day not in _free_days(self.free)

    def _closes(self, moment: datetime) -> datetime | None:
        """When the time that is open at that moment ends; None if it is not open."""
        for day in (self.day(moment) - A_DAY, self.day(moment)):
            opens, closes = self._open(day)
            if opens <= moment < closes and self.works(day):
                return closes
        return None

    def _open(self, day: date) -> tuple[datetime, datetime]:
        from_, until = quiet_times(self.quiet)
        return self.wall(day, until), self.wall(day + A_DAY if from_ <= until else day, from_)


def quiet_times(text: str) -> tuple[time, time]:
    """Read "20:00-07:00".

    Raises:
        ValueError: it is not written so.
    """
    match = QUIET.fullmatch(text)
    if match is None:
        msg = 'is not a pair of wall times like "20:00-07:00"'
        raise ValueError(msg)
    begin_hour, begin_minute, end_hour, end_minute = map(int, match.groups())
    return time(begin_hour, begin_minute), time(end_hour, end_minute)


def clean_quiet(text: str) -> str:
    """Wall times like "20:00-07:00"."""
    quiet_times(text)
    return text


def clean_place(text: str) -> str:
    """A country or a part of one whose holidays are known, or nothing."""
    try:
        _free_days(text)
    except HolidaysUnknown as error:
        msg = 'is not a place whose holidays are known; write a country, or a part of one, like "DE" or "DE-BY"'
        raise ValueError(msg) from error
    return text


WorkDays = Annotated[str, Field(pattern="^[1-7]{1,7}$")]
QuietHours = Annotated[str, AfterValidator(clean_quiet), Field(json_schema_extra={"pattern": f"^{QUIET.pattern}$"})]
Place = Annotated[
    str,
    AfterValidator(clean_place),
    Field(json_schema_extra={"pattern": "^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$", "format": "holidays"}),
]


@lru_cache(maxsize=256)
def _free_days(place: str) -> holidays.HolidayBase | frozenset[date]:
    if not place:
        return frozenset()
    country, _, part = place.partition("-")
    try:
        return holidays.country_holidays(country, subdiv=part or None)
    except NotImplementedError as error:
        raise HolidaysUnknown(f"{place}: write a country, or a part of one, like DE or DE-BY.") from error
