"""Accounts whose trouble was planted: the real training must find it, and the first reason must name it."""

from collections import Counter

import numpy as np
import pytest

from benchmarks import planted, reasons
from tests.conftest import ON_POSTGRESQL

LEAST_SHARE = 0.95
pytestmark = pytest.mark.skipif(ON_POSTGRESQL, reason="the planted company brings its own database")


@pytest.fixture(scope="module")
def on():
    with reasons.stage(accounts=230, weeks=28, seed=1) as stage:
        yield stage


@pytest.fixture(scope="module")
def judged(on):
    return reasons.judged(on)


def _right(rows):
    return np.mean([row.first == row.cause for row in rows])


def test_the_planted_cause_is_the_first_reason(judged):
    assert len(judged) >= 200
    assert {row.cause for row in judged} == {each.key for each in planted.CAUSES}
    assert _right(judged) >= LEAST_SHARE


def test_alerts_name_the_planted_cause(judged):
    high = [row for row in judged if row.high]

    assert len(high) >= 60
    assert _right(high) >= LEAST_SHARE


@pytest.mark.parametrize("busy", [True, False])
def test_volume_does_not_hide_the_cause(judged, busy):
    assert _right([row for row in judged if row.busy is busy]) >= LEAST_SHARE - 0.02


def test_what_is_neither_good_nor_bad_is_never_blamed_first(judged):
    context = {each.key for each in planted.CONTEXT}

    assert not context & set(Counter(row.first for row in judged))
