"""What became of risks: pure arithmetic on arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.alerts.interventions import Span

Numbers = NDArray[np.float64]
Ints = NDArray[np.int64]
Hits = NDArray[np.bool_]

# Lower edges of the bins of risk in which calibration is kept: fine where most accounts are.
EDGES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
TOP = 0.05
DAY_SECONDS = 86_400
# An account that sent nothing for so long is not what models are trained on, and is not counted.
ACTIVE = timedelta(days=90)
# Complaints are believed to be known up to this many usual gaps after the last one (by chance a gap is longer once in
# a hundred and fifty times), and at least so long.
GAPS, LEAST_GAP = 5, timedelta(days=2)


@dataclass(frozen=True)
class Outcomes:
    """Complaints in order of account, then time (`at`, whole seconds since 1970), and up to when all are known.

    `acted`: times in which operations acted on an account, in that order too and without overlap.
    """

    account: Ints
    at: Ints
    through: datetime | None
    horizon_days: int
    acted: "Acted"

    def known(self, day: date) -> bool:
        """Whether it is known what became of the risks of a day."""
        return self.through is not None and midnight(matures(day, self.horizon_days)) <= self.through

    def followed(self, account: Ints, days: Sequence[date]) -> Hits:
        """Whether a complaint followed within the horizon after the end of each row's day."""
        if len(self.at) == 0 or len(account) == 0:
            return np.zeros(len(account), dtype=bool)
        ends = {day: int(midnight(day + timedelta(days=1)).timestamp()) for day in set(days)}
        end = np.array([ends[day] for day in days], dtype=np.int64)
        span = max(int(self.at.max()), int(end.max())) + 1
        complained, row = self.account * span + self.at, account * span + end
        place = np.searchsorted(complained, row, side="right")
        following = complained[np.minimum(place, len(complained) - 1)]
        within = (following - row <= self.horizon_days * DAY_SECONDS) & (following // span == account)
        return np.asarray((place < len(complained)) & within)

    def untouched(self, account: Ints, days: Sequence[date]) -> Hits:
        """Whether nobody acted within the horizon: who was looked after and did not complain is no false alarm."""
        end = np.array([int(midnight(day + timedelta(days=1)).timestamp()) for day in days], dtype=np.int64)
        if len(self.acted.account) == 0 or len(account) == 0:
            return np.ones(len(account), dtype=bool)
        length = max(int(self.acted.until.max()), int(end.max())) + 1
        over, row = self.acted.account * length + self.acted.until, account * length + end
        place = np.minimum(np.searchsorted(over, row, side="right"), len(over) - 1)
        met = (self.acted.account[place] == account) & (self.acted.until[place] > end)
        return np.asarray(~(met & (self.acted.since[place] < end + self.horizon_days * DAY_SECONDS)))

    def share_acted(self, account: Ints, days: Sequence[date]) -> Numbers:
        """The share of the horizon after each row's day on which operations acted."""
        end = np.array([int(midnight(day + timedelta(days=1)).timestamp()) for day in days], dtype=np.int64)
        order = np.argsort(account, kind="stable")
        edges = np.searchsorted(account[order], [self.acted.account, self.acted.account + 1])
        seconds, horizon = np.zeros(len(account)), self.horizon_days * DAY_SECONDS
        for first, last, since, until in zip(*edges, self.acted.since, self.acted.until, strict=True):
            rows = order[first:last]
            met = np.minimum(until, end[rows] + horizon) - np.maximum(since, end[rows])
            seconds[rows] += np.maximum(met, 0)
        return np.asarray(seconds / horizon)


@dataclass(frozen=True)
class Acted:
    """When operations acted: [since, until) in whole seconds since 1970."""

    account: Ints
    since: Ints
    until: Ints

    @classmethod
    def of(cls, spans: Sequence[Span]) -> "Acted":
        """Of times in order of account, then time."""
        rows = [(each.account_id, int(each.since.timestamp()), int(each.until.timestamp())) for each in spans]
        return cls(*np.array(rows, dtype=np.int64).reshape(-1, 3).T)


def known_through(last: datetime | None, usual_gap: timedelta, *, now: datetime) -> datetime | None:
    """Up to when complaints are known: they may be sent in days later, and no complaint is no outcome until then."""
    if last is None:
        return None
    return min(now, last + max(GAPS * usual_gap, LEAST_GAP))


def matures(day: date, horizon_days: int) -> date:
    """The day at whose beginning the outcomes of `day` are known: its risks look ahead from its end."""
    return day + timedelta(days=1 + horizon_days)


def midnight(day: date) -> datetime:
    """The beginning of a UTC day."""
    return datetime.combine(day, time(), UTC)


def measure(risk: Numbers, hit: Hits | None, line: float) -> dict[str, Any]:
    """The columns of a `ModelDay`; `hit` is None while the outcomes are not known."""
    over, top = risk >= line, _top(risk)
    found: dict[str, Any] = {
        "line": line,
        "scored": len(risk),
        "risk_sum": float(risk.sum()),
        "over": int(over.sum()),
        "over_risk": float(risk[over].sum()),
        "top": int(top.sum()),
        "mature": hit is not None,
    }
    if hit is None:
        return found | {"complained": 0, "over_hits": 0, "top_hits": 0, "average_precision": None, "bins": []}
    return found | {
        "complained": int(hit.sum()),
        "over_hits": int(hit[over].sum()),
        "top_hits": int(hit[top].sum()),
        "average_precision": average_precision(hit, risk),
        "bins": bins(hit, risk),
    }


def bins(hit: Hits, risk: Numbers) -> list[list[float]]:
    """[accounts, sum of risks, complained] of each bin of risk."""
    place = np.searchsorted(EDGES, risk, side="right") - 1
    counts = np.bincount(place, minlength=len(EDGES))
    risks = np.bincount(place, risk, minlength=len(EDGES))
    hits = np.bincount(place, hit, minlength=len(EDGES))
    return [
        [int(count), round(float(total), 6), int(complained)]
        for count, total, complained in zip(counts, risks, hits, strict=True)
    ]


def average_precision(hit: Hits, risk: Numbers, weight: Numbers | None = None) -> float | None:
    """Mean precision over the complaints as the list of risks is worked from its top; None if it has no meaning.

    Rows with the same risk count together. `weight` is how often a row counts.
    """
    order = np.argsort(-risk, kind="stable")
    rows = np.ones(len(risk)) if weight is None else weight[order]
    hits = rows * hit[order]
    total = hits.sum()
    if not 0 < total < rows.sum():
        return None
    ends = np.flatnonzero(np.append(np.diff(risk[order]) != 0, True))
    caught, looked = hits.cumsum()[ends], rows.cumsum()[ends]
    gained = np.diff(caught, prepend=0.0)
    precision = np.divide(caught, looked, out=np.zeros(len(ends)), where=looked > 0)
    return float((gained * precision).sum() / total)


def log_loss(hit: Hits, risk: Numbers) -> Numbers:
    """Each row's negative log-likelihood."""
    bounded = np.clip(risk, 1e-6, 1 - 1e-6)
    return np.asarray(-np.where(hit, np.log(bounded), np.log(1 - bounded)))


def _top(risk: Numbers) -> Hits:
    chosen = np.zeros(len(risk), dtype=bool)
    chosen[np.argsort(-risk, kind="stable")[: int(np.ceil(TOP * len(risk)))]] = True
    return chosen
