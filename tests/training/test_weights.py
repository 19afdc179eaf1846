"""A row counts by its weight, and one without weight as if it were not there."""

import numpy as np
import pytest

from service.scoring.features import Column
from training import fitting

COLUMNS = (Column("late", "last", 1), Column("orders", "last"))


@pytest.fixture
def rows():
    """Values, labels, and weights of which a third are zero."""
    draw = np.random.default_rng(0)
    values = draw.normal(size=(3_000, 2)).astype(np.float32)
    label = draw.random(3_000) < 1 / (1 + np.exp(1 - values[:, 0]))
    weight = np.where(np.arange(3_000) % 3 == 0, 0.0, 1.0)
    label[weight == 0] = True
    return values, label, weight


def test_the_linear_part_leaves_out_what_has_no_weight(rows):
    values, label, weight = rows
    table = fitting.Table.of(values)
    kept = fitting.Table(table.numbers[weight > 0], table.center, table.scale, table.gaps)

    weighed = fitting.fit_linear(table, label, weight, COLUMNS, 1.0)
    alone = fitting.fit_linear(kept, label[weight > 0], weight[weight > 0], COLUMNS, 1.0)

    np.testing.assert_allclose(weighed.weights, alone.weights, rtol=0.02)
    assert weighed.intercept == pytest.approx(alone.intercept, abs=0.02)


def test_the_trees_leave_out_what_has_no_weight(rows):
    values, label, weight = rows
    grouped = fitting.grouping(COLUMNS, [])

    grown = fitting.fit_trees(values, label, weight, COLUMNS, grouped, trees=40, seed=0)

    counted = weight > 0
    assert grown.predict_proba(values[counted])[:, 1].mean() == pytest.approx(label[counted].mean(), abs=0.02)
