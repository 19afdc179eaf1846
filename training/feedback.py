"""What operations did, as data: training learns the risk if nobody acts, not the risk after somebody did.

A client who was looked after and did not complain is no plain negative. Of such weeks, complaints are rarer than they
would have been; a model that ignores it learns that high risks are harmless, and the better operations works, the more
so. Here each row of a dataset gets the weight

    (how likely its outcome was, had nobody acted) / (how likely it was as things went)

whose mean over the outcomes is 1, so that weighted rows speak of the untreated risk. With complaints that come at a
rate of `rate` a day, which acting multiplies by `effect` (docs/decisions has the alternatives):

    no complaint           exp(-(1 - effect) x sum of the rates of the days acted on, in the horizon)
    a complaint, untreated the same, of the days before it
    a complaint, treated   the same, / effect: each such complaint stands for those that acting kept away

`effect` and `rate` come from the data (`training.effect`). Weeks whose data were called not true are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from service.alerts import interventions
from service.alerts.interventions import Span
from service.alerts.queries import past
from service.kit.database import Session
from service.scoring.history import micros
from service.scoring.past import DAY
from training import effect
from training.dataset import Complaints, Dataset
from training.effect import Days, Effect, Spans

MOST_WEIGHT = 5.0

Micros = NDArray[np.int64]


@dataclass(frozen=True)
class Feedback:
    """What operations did up to now: when it acted, whose data were not true, and the risks recorded day by day."""

    acted: Spans
    suspect: Spans
    days: Days


def learn(session: Session, data: Dataset, *, now: datetime) -> tuple[Dataset, dict[str, Any]]:
    """Weigh the rows of a dataset by what operations did, if it did anything; and the facts for the card."""
    told = read(session, data, now=now)
    return believe(data, told) if told else (data, {})


def read(session: Session, data: Dataset, *, now: datetime) -> Feedback | None:
    """Read what operations did; None as long as there was no alert."""
    first = past.first_alert(session)
    if first is None:
        return None
    stories = past.stories(session, until=now)
    through = int(data.as_of.max()) + data.horizon
    days = effect.Days.of(past.risk_days(session, since=first.date(), until=now.date()), through)
    acted, suspect = interventions.interventions(stories, now=now), interventions.suspect(stories, now=now)
    return Feedback(spans(acted), spans(suspect), days)


def believe(data: Dataset, told: Feedback) -> tuple[Dataset, dict[str, Any]]:
    """Weigh the rows of a dataset by what operations did, and leave out those whose data were not true.

    The second part counts what was done, for the card: of `treated_weeks` somebody acted within the horizon;
    `censored` of them had no complaint and are no plain negatives.
    """
    doubted = told.suspect.cover(data.account, data.as_of)
    data = data.rows(~doubted)
    found = effect.estimate(told.days, told.acted, data.complaints)
    treated = told.acted.meet(data.account, data.as_of, data.as_of + data.horizon)
    facts = {
        "treated_weeks": int(treated.sum()),
        "censored": int((treated & ~data.label).sum()),
        "wrong_left_out": int(doubted.sum()),
        "effect": asdict(found),
    }
    return replace(data, weight=data.weight * weights(data, told, found)), facts


class Rows(Protocol):
    """What weights are made from: the rows of a dataset, without their features."""

    @property
    def account(self) -> Micros: ...
    @property
    def as_of(self) -> Micros: ...
    @property
    def label(self) -> NDArray[np.bool_]: ...
    @property
    def complaints(self) -> Complaints: ...
    @property
    def horizon(self) -> int: ...


def weights(data: Rows, told: Feedback, found: Effect) -> NDArray[np.float64]:
    """The weight of each row, in (0, MOST_WEIGHT]; 1 where nobody acted within the horizon."""
    ends, first_complaint = data.as_of + data.horizon, first_after(data.account, data.as_of, data.complaints)
    until = np.minimum(ends, first_complaint)
    account, day, share = told.acted.days()
    strain = share * effect.rates(told.days, told.acted, data.complaints, found).at(account, day)
    spared = _Daily.of(account, day, strain).between(data.account, data.as_of // DAY, -(-until // DAY))
    weight = np.exp(-(1 - found.ratio) * spared)
    despite = data.label & told.acted.cover(data.account, first_complaint)
    return np.minimum(np.where(despite, weight / found.ratio, weight), MOST_WEIGHT)


def notes(facts: Mapping[str, Any]) -> list[str]:
    """What a reader of the card should know of it."""
    found = []
    if facts.get("treated_weeks"):
        ratio, low, high = (facts["effect"][name] for name in ("ratio", "low", "high"))
        found.append(
            f"The risk is the one if nobody acts: operations acted on {facts['treated_weeks']:,} account-weeks, "
            f"{facts['censored']:,} of them without a complaint; they count as what they would have been. Acting was "
            f"seen to multiply complaints by {ratio:.2f} ({low:.2f} to {high:.2f}). Measures take weeks as they ended."
        )
    if facts.get("wrong_left_out"):
        found.append(f"Left out, since operations called their data wrong: {facts['wrong_left_out']:,} account-weeks.")
    return found


def first_after(account: Micros, as_of: Micros, known: Complaints) -> Micros:
    """The moment of the account's first complaint after each row's snapshot; far away where there is none."""
    found = np.full(len(account), np.iinfo(np.int64).max // 2)
    for name in np.unique(known.account).tolist():
        mine = np.flatnonzero(account == name)
        times = np.append(known.at[known.account == name], np.iinfo(np.int64).max // 2)
        found[mine] = times[np.searchsorted(times, as_of[mine], side="right")]
    return found


@dataclass(frozen=True)
class _Daily:
    """Amounts by account and day, added up from the first: `total` has one number more than there are `keys`."""

    keys: Micros
    total: NDArray[np.float64]

    @classmethod
    def of(cls, account: Micros, day: Micros, amount: NDArray[np.float64]) -> "_Daily":
        keys = effect.keyed(account, day)
        order = np.argsort(keys)
        return cls(keys[order], np.append(0.0, np.cumsum(amount[order])))

    def between(self, account: Micros, since: Micros, until: Micros) -> NDArray[np.float64]:
        """The sum of each account's amounts over the days [since, until)."""
        first = np.searchsorted(self.keys, effect.keyed(account, since))
        last = np.searchsorted(self.keys, effect.keyed(account, np.maximum(until, since)))
        return np.asarray(self.total[last] - self.total[first])


def spans(times: Sequence[Span]) -> Spans:
    """Times of accounts as arrays."""
    facts = [(span.account_id, micros(span.since), micros(span.until)) for span in times]
    return Spans(*np.array(facts, dtype=np.int64).reshape(-1, 3).T)
