"""Told first, had somebody looked: which complaints were flagged in time, and how long before.

A complaint counts as the outlook counts it: its account was flagged at a snapshot within the horizon before it, and
the head start runs from the first of these snapshots, in the working hours of the account's rep. Complaints count if
the whole horizon before them lies in the weeks at hand; an account's complaint is new where it had none in the 14 days
before, and else it repeats.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.kit import working
from service.scoring.history import moment
from service.scoring.past import DAY
from training import evaluation
from training.dataset import Dataset
from training.profiles import Profiles

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]
Labels = NDArray[np.bool_]

LEAST_HOURS = 4.0
# How long before, by name: (in working hours, at least).
LEADS: Mapping[str, tuple[bool, float]] = {
    "4_working_hours": (True, LEAST_HOURS),
    "1_day": (False, 1.0),
    "3_days": (False, 3.0),
    "7_days": (False, 7.0),
}


@dataclass(frozen=True)
class Reach:
    """Complaints and the snapshots within the horizon before them, the earliest first.

    `account`, `new`: one of each complaint. `rows`: shape (complaints, snapshots), the row of the snapshot among those
    of the test, -1 where the account took no part then. `hours`, `days`: from the snapshot to the complaint.
    """

    account: Counts
    new: Labels
    rows: Counts
    hours: Numbers
    days: Numbers

    def starts(self, flagged: Labels) -> tuple[Numbers, Numbers]:
        """The head start of each complaint in working hours and in days; NaN where no snapshot was flagged."""
        if not len(self.rows):
            return np.zeros(0), np.zeros(0)
        hit = np.append(flagged, np.False_)[self.rows]
        first, any_hit = hit.argmax(axis=1)[:, None], hit.any(axis=1)
        return tuple(  # type: ignore[return-value]
            np.where(any_hit, np.take_along_axis(leads, first, axis=1)[:, 0], np.nan)
            for leads in (self.hours, self.days)
        )


def reach(test: Dataset, profiles: Profiles) -> Reach:
    """The complaints of the test's accounts, with the snapshots that could have told of them."""
    weeks = np.unique(test.as_of)
    step = int(np.diff(weeks).min()) if len(weeks) > 1 else 7 * DAY
    known = test.complaints
    counted = (known.at > weeks[0] + test.horizon) & (known.at <= weeks[-1] + step)
    counted &= np.isin(known.account, np.unique(test.account))
    account, at = known.account[counted], known.at[counted]
    first = np.searchsorted(weeks, at - test.horizon, side="left")
    places = first[:, None] + np.arange(-(-test.horizon // step))[None, :]
    moments = weeks[np.minimum(places, len(weeks) - 1)]
    before = (places < len(weeks)) & (moments < at[:, None])
    rows = np.where(before, _row_of(test, account, moments), -1)
    hours = _hours(account, at, weeks, profiles)[np.arange(len(at))[:, None], np.minimum(places, len(weeks) - 1)]
    return Reach(account, evaluation.new_episodes(known)[counted], rows, hours, (at[:, None] - moments) / DAY)


def potential(complaints: Reach, flagged: Labels) -> dict[str, dict[str, float | int | None]]:
    """Of all, new and repeated complaints: how many, the share flagged so long before, the median head start."""
    hours, days = complaints.starts(flagged)
    groups = {"all": np.ones(len(hours), dtype=bool), "new": complaints.new, "repeated": ~complaints.new}
    return {name: _told(hours[group], days[group]) for name, group in groups.items()}


def in_time(hours: Numbers, days: Numbers, lead: str) -> Labels:
    """Whether each head start is at least so long."""
    in_hours, least = LEADS[lead]
    return np.nan_to_num(hours if in_hours else days, nan=-1.0) >= least


def median(starts: Numbers) -> float | None:
    """The median of the complaints that were flagged."""
    known = starts[~np.isnan(starts)]
    return float(np.median(known)) if len(known) else None


def _told(hours: Numbers, days: Numbers) -> dict[str, float | int | None]:
    found: dict[str, float | int | None] = {"complaints": len(hours)}
    for lead in LEADS:
        found[lead] = float(in_time(hours, days, lead).mean()) if len(hours) else None
    return found | {"head_start_hours_median": median(hours), "head_start_days_median": median(days)}


def _row_of(test: Dataset, account: Counts, moments: Counts) -> Counts:
    """The test's row of each account (one a complaint) at each moment; -1 where there is none."""
    weeks, accounts = np.unique(test.as_of), np.unique(test.account)

    def place(of: Counts, at: Counts) -> Counts:
        return np.asarray(np.searchsorted(accounts, of) * len(weeks) + np.searchsorted(weeks, at))

    keys = place(test.account, test.as_of)
    order = np.argsort(keys)
    wanted = place(account[:, None], moments)
    found = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
    return np.where(keys[order][found] == wanted, order[found], -1)


def _hours(account: Counts, at: Counts, weeks: Counts, profiles: Profiles) -> Numbers:
    """Working hours from each week's snapshot to each complaint; shape (complaints, weeks)."""
    zones = profiles.zones(account)
    came = np.array([working.hours_until(moment(each), zone) for each, zone in zip(at.tolist(), zones, strict=True)])
    told = {zone: np.array([working.hours_until(moment(week), zone) for week in weeks.tolist()]) for zone in set(zones)}
    said = np.array([told[zone] for zone in zones]).reshape(len(at), len(weeks))
    return np.asarray(np.maximum(came[:, None] - said, 0.0))
