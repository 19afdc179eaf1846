"""How much acting helps, measured on the accounts' own days.

Days with about the same recorded risk are compared: how often did clients complain on days on which operations was
acting, against days on which it was not (it was late, the budget was used up, the account was held out)? The risk that
counts is that of the evening before, by the model that spoke then, in bands of log-odds. The ratio of the two rates
over all bands is that of Mantel and Haenszel, its variance that of Greenland and Robins (Biometrics 1985, 41:55-68).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from service.scoring.past import DAY
from training.dataset import Complaints

BAND = 0.5
# Little evidence is not believed: a priori the ratio's logarithm is 0, give or take 1.
PRIOR_VARIANCE = 1.0
LEAST_RATIO = 0.2
EPOCH = date(1970, 1, 1)
_DAYS_A_KEY = 1 << 20

Ints = NDArray[np.int64]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Effect:
    """`ratio`: complaints a day when acted on, against the same risk left alone; with bounds of 95 %, and from what."""

    ratio: float = 1.0
    low: float = 1.0
    high: float = 1.0
    days_acted: float = 0.0
    complaints_acted: int = 0


@dataclass(frozen=True)
class Spans:
    """Times [since, until) of accounts in microseconds, in order of account and time, without overlap."""

    account: Ints
    since: Ints
    until: Ints

    def days(self) -> tuple[Ints, Ints, Numbers]:
        """Account, day (since 1970) and share of the day, for each day that a span touches."""
        first, last = self.since // DAY, (self.until - 1) // DAY
        count = last - first + 1
        span = np.repeat(np.arange(len(count)), count)
        day = first[span] + np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        share = (np.minimum(self.until[span], (day + 1) * DAY) - np.maximum(self.since[span], day * DAY)) / DAY
        return self.account[span], day, share

    def meet(self, account: Ints, since: Ints, until: Ints) -> NDArray[np.bool_]:
        """Whether each time [since, until) of an account meets one of its spans."""
        found = np.zeros(len(account), dtype=bool)
        for name in np.unique(self.account).tolist():
            mine, theirs = account == name, self.account == name
            begun = np.searchsorted(self.since[theirs], until[mine], side="left")
            over = np.searchsorted(self.until[theirs], since[mine], side="right")
            found[mine] = begun > over
        return found

    def cover(self, account: Ints, at: Ints) -> NDArray[np.bool_]:
        """Whether each moment of an account lies in one of its spans."""
        return self.meet(account, at, at + 1)


@dataclass(frozen=True)
class Days:
    """Days of accounts whose risk was known the evening before: `band` numbers days of like risk by the same model."""

    account: Ints
    day: Ints
    band: Ints

    @classmethod
    def of(cls, rows: Sequence[tuple[int, date, float, str]], through: int) -> "Days":
        """From recorded risks; days that end after `through` (microseconds) are not known whole."""
        account = np.array([row[0] for row in rows], dtype=np.int64)
        day = np.array([(row[1] - EPOCH).days + 1 for row in rows], dtype=np.int64)
        risk = np.clip(np.array([row[2] for row in rows], dtype=np.float64), 1e-4, 1 - 1e-4)
        _, model = np.unique([row[3] for row in rows], return_inverse=True)
        like = np.floor(np.log(risk / (1 - risk)) / BAND).astype(np.int64)
        _, band = np.unique(model * 1_000 + like, return_inverse=True)
        whole = (day + 1) * DAY <= through
        return cls(account[whole], day[whole], band[whole].astype(np.int64))


@dataclass(frozen=True)
class Rates:
    """Complaints a day if nobody acts, for the days of `Days` by key; `usual` where no risk was recorded."""

    keys: Ints
    rate: Numbers
    usual: float

    def at(self, account: Ints, day: Ints) -> Numbers:
        if not len(self.keys):
            return np.full(len(account), self.usual)
        keys = keyed(account, day)
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[place] == keys, self.rate[place], self.usual)


@dataclass(frozen=True)
class _Bands:
    """Per band: days acted on and left alone, and the complaints on them."""

    acted: Numbers
    alone: Numbers
    came_acted: Numbers
    came_alone: Numbers


def estimate(days: Days, acted: Spans, complaints: Complaints) -> Effect:
    """Compare days acted on with days left alone at about the same risk."""
    if not len(days.account) or not len(acted.account):
        return Effect()
    seen = _count(days, acted, complaints)
    both = seen.acted + seen.alone
    known = both > 0
    share = np.divide(seen.acted, both, where=known, out=np.zeros_like(both))
    # Half a complaint on either side: no evidence then means no effect, and nothing is divided by 0.
    helped = (seen.came_acted * (1 - share)).sum() + 0.5
    left = (seen.came_alone * share).sum() + 0.5
    spread = ((seen.came_acted + seen.came_alone) * share * (1 - share)).sum() + 0.5
    variance = spread / (helped * left)
    believed = PRIOR_VARIANCE / (PRIOR_VARIANCE + variance)
    middle, width = believed * np.log(helped / left), 1.96 * np.sqrt(believed * variance)
    low, ratio, high = np.clip(np.exp([middle - width, middle, middle + width]), LEAST_RATIO, [np.inf, 1.0, np.inf])
    return Effect(float(ratio), float(low), float(high), float(seen.acted.sum()), int(seen.came_acted.sum()))


def rates(days: Days, acted: Spans, complaints: Complaints, found: Effect) -> Rates:
    """Each band's complaints a day if nobody acts: those that came, over the days, one acted on counting `ratio`."""
    if not len(days.account):
        return Rates(days.account, np.zeros(0), 0.0)
    seen = _count(days, acted, complaints)
    came, lived = seen.came_acted + seen.came_alone, seen.alone + found.ratio * seen.acted
    usual = float(came.sum() / max(lived.sum(), 1.0))
    # Drawn to the usual rate by ten days of it, since a band can be narrow.
    rate = (came + 10 * usual) / (lived + 10)
    keys = keyed(days.account, days.day)
    order = np.argsort(keys)
    return Rates(keys[order], rate[days.band[order]], usual)


def keyed(account: Ints, day: Ints) -> Ints:
    """One number for an account and a day, in their order."""
    return np.asarray(account * _DAYS_A_KEY + day)


def _count(days: Days, acted: Spans, complaints: Complaints) -> _Bands:
    bands = int(days.band.max()) + 1
    keys = keyed(days.account, days.day)
    order = np.argsort(keys)
    keys, band = keys[order], days.band[order]

    def place(account: Ints, day: Ints) -> tuple[Ints, NDArray[np.bool_]]:
        wanted = keyed(account, day)
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return band[at], keys[at] == wanted

    account, day, share = acted.days()
    where, known = place(account, day)
    treated = np.bincount(where[known], share[known], bands).astype(np.float64)
    where, known = place(complaints.account, complaints.at // DAY)
    during = acted.cover(complaints.account, complaints.at)
    came_acted = np.bincount(where[known & during], minlength=bands).astype(np.float64)
    came_alone = np.bincount(where[known & ~during], minlength=bands).astype(np.float64)
    lived = np.bincount(band, minlength=bands).astype(np.float64)
    return _Bands(treated, lived - treated, came_acted, came_alone)
