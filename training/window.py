"""Which weeks teach, which choose, and which judge: strictly in time order, with a gap of the horizon between."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from service.scoring.history import micros
from training.dataset import Dataset
from training.refusals import TrainingRefused

LEAST_WEEKS = 12
MOST_HELD_BACK = 16


@dataclass(frozen=True)
class Window:
    """First and last snapshots (Mondays 00:00 UTC) of the parts; `horizon` is also the gap between them."""

    train_from: datetime
    validate_from: datetime
    test_from: datetime
    test_to: datetime
    horizon: timedelta

    def train(self, data: Dataset) -> NDArray[np.bool_]:
        return self._between(data, self.train_from, self.validate_from)

    def validation(self, data: Dataset) -> NDArray[np.bool_]:
        return self._between(data, self.validate_from, self.test_from)

    def before_test(self, data: Dataset) -> NDArray[np.bool_]:
        """Everything whose label was known when the test began."""
        return self._between(data, self.train_from, self.test_from)

    def test(self, data: Dataset) -> NDArray[np.bool_]:
        return (data.as_of >= micros(self.test_from)) & (data.as_of <= micros(self.test_to))

    def _between(self, data: Dataset, start: datetime, end: datetime) -> NDArray[np.bool_]:
        return (data.as_of >= micros(start)) & (data.as_of <= micros(end - self.horizon))

    def as_card(self) -> dict[str, str | int]:
        return {
            "train_from": self.train_from.date().isoformat(),
            "validate_from": self.validate_from.date().isoformat(),
            "test_from": self.test_from.date().isoformat(),
            "test_to": self.test_to.date().isoformat(),
            "horizon_days": self.horizon.days,
        }


@dataclass(frozen=True)
class Asked:
    """The parts of a window that somebody asked for; the others are chosen."""

    train_from: date | None = None
    validate_from: date | None = None
    test_from: date | None = None
    test_to: date | None = None


def choose(weeks: Sequence[datetime], horizon_days: int, asked: Asked) -> Window:
    """Split the weeks: what is not asked for is the last fifth for the test, the fifth before it for validation.

    Raises:
        TrainingRefused: too few weeks, or parts out of order.
    """
    weeks = [week for week in weeks if _from(asked.train_from) <= week <= _to(asked.test_to)]
    horizon = timedelta(days=horizon_days)
    gap = -(-horizon_days // 7)
    if len(weeks) < LEAST_WEEKS + 2 * gap:
        raise TrainingRefused(
            f"There are {len(weeks)} weeks with known outcomes, {LEAST_WEEKS + 2 * gap} are needed: "
            "the starter score goes on; import older observations and complaints, or wait."
        )
    part = min(max(3, len(weeks) // 5), MOST_HELD_BACK)
    test_from = _at(asked.test_from) or weeks[-part]
    before = [week for week in weeks if week <= test_from - horizon]
    validate_from = _at(asked.validate_from) or before[-min(part, len(before))]
    window = Window(weeks[0], validate_from, test_from, weeks[-1], horizon)
    if (
        not window.train_from + horizon
        <= window.validate_from
        <= window.test_from - horizon
        <= window.test_to - horizon
    ):
        raise TrainingRefused(
            f"The parts must follow one another, {horizon_days} days apart: train from {window.train_from:%Y-%m-%d}, "
            f"validate from {validate_from:%Y-%m-%d}, test from {test_from:%Y-%m-%d} to {weeks[-1]:%Y-%m-%d}."
        )
    return window


def _at(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)


def _from(day: date | None) -> datetime:
    return _at(day) or datetime.min.replace(tzinfo=UTC)


def _to(day: date | None) -> datetime:
    return _at(day) or datetime.max.replace(tzinfo=UTC)
