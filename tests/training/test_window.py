"""The weeks are split in time order, with a gap of the horizon."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from service.scoring.history import micros
from tests.training.test_evaluation import _dataset
from training import dataset, window
from training.refusals import TrainingRefused
from training.window import Asked

FIRST = datetime(2025, 1, 6, tzinfo=UTC)
WEEKS = [FIRST + timedelta(weeks=week) for week in range(50)]


def test_no_label_of_a_part_reaches_into_the_next():
    split = window.choose(WEEKS, 14, Asked())
    weeks = np.array([micros(week) for week in WEEKS])
    data = replace(_dataset([1] * 50, range(50), [0] * 50), as_of=weeks)

    horizon = 14 * 86_400_000_000
    assert data.as_of[split.train(data)].max() + horizon <= data.as_of[split.validation(data)].min()
    assert data.as_of[split.before_test(data)].max() + horizon <= data.as_of[split.test(data)].min()
    assert (split.train(data).sum(), split.validation(data).sum(), split.test(data).sum()) == (28, 10, 10)


def test_the_parts_that_are_asked_for_are_taken():
    asked = Asked(date(2025, 2, 3), date(2025, 6, 2), date(2025, 8, 4), date(2025, 9, 1))

    split = window.choose(WEEKS, 14, asked)

    assert split.as_card() == {
        "train_from": "2025-02-03",
        "validate_from": "2025-06-02",
        "test_from": "2025-08-04",
        "test_to": "2025-09-01",
        "horizon_days": 14,
    }


def test_parts_out_of_order_are_refused():
    with pytest.raises(TrainingRefused, match="14 days apart"):
        window.choose(WEEKS, 14, Asked(validate_from=date(2025, 8, 4), test_from=date(2025, 8, 4)))


def test_too_few_weeks_are_refused_with_the_number_needed():
    with pytest.raises(TrainingRefused, match="There are 9 weeks with known outcomes, 16 are needed"):
        window.choose(WEEKS[:9], 14, Asked())


def test_weeks_begin_on_mondays_at_midnight():
    start = datetime(2025, 1, 6, 0, 0, 1, tzinfo=UTC)

    found = dataset.mondays(start, datetime(2025, 1, 27, tzinfo=UTC))

    assert [f"{week:%a %d %H:%M}" for week in found] == ["Mon 13 00:00", "Mon 20 00:00", "Mon 27 00:00"]
