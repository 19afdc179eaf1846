"""Which reasons are told, and which of them first."""

import math

import numpy as np
import pytest

from service.scoring import reasons
from service.scoring.definitions import Definition
from service.scoring.judgement import Judgement
from tests.scoring.frames import LATE, OPEN, ORDERS, STARS

SLOW = Definition(6, "slow", "Hours to an answer", "hours", better="lower")
ALL = (LATE, OPEN, ORDERS, STARS, SLOW)
NAMES = ("last", "age", "level_7", "level_28", "level_90", "usual", "change_7", "change_28")
BLANK = dict.fromkeys(NAMES, math.nan) | {"age": 0.0}
# Late against its past, many open orders against others, much volume, a better rating, slower answers than elsewhere.
STATS = {
    "late_share": BLANK | {"level_7": 0.2, "usual": 0.04},
    "open_late": BLANK | {"last": 9.0, "usual": 9.0},
    "orders": BLANK | {"level_28": 40.0, "usual": 40.0},
    "stars": BLANK | {"level_7": 4.8, "usual": 4.1},
    "slow": BLANK | {"level_28": 9.0, "usual": 9.0},
    "complaints": {"count_28": 4.0, "count_90": 4.0},
    "account": {"age": 20.0},
}
TYPICAL = {"open_late": {"last": 1.0}, "orders": {"level_28": 3.0}, "slow": {"level_28": 4.0}}


def _told(**weights):
    judgement = Judgement(np.array([0.5]), np.array([list(weights.values())]), tuple(weights))
    return reasons.of_row(judgement, 0, STATS, TYPICAL, ALL)


def _metrics(told):
    return [reason["metric"] for reason in told]


def test_a_change_is_told_before_a_level_and_that_before_volume():
    told = _told(orders=2.0, open_late=1.0, late_share=0.5)

    assert _metrics(told) == ["late_share", "open_late", "orders"]
    assert [reason["kind"] for reason in told] == ["change", "level", "context"]
    assert [reason["weight"] for reason in told] == [0.5, 1.0, 2.0]


def test_of_one_kind_the_heaviest_is_told_first():
    assert _metrics(_told(late_share=0.5, complaints=0.9)) == ["complaints", "late_share"]


def test_a_clear_change_is_told_before_a_heavier_one_that_is_within_the_usual(monkeypatch):
    faint = STATS["late_share"] | {"change_7": 0.5, "change_28": 0.5}
    monkeypatch.setitem(STATS, "late_share", faint)

    assert _metrics(_told(late_share=1.0, complaints=0.5)) == ["complaints", "late_share"]


def test_what_weighs_little_is_not_lifted_over_what_weighs_most():
    assert _metrics(_told(orders=2.0, late_share=0.3)) == ["orders", "late_share"]


def test_the_heaviest_is_never_left_out():
    told = _told(late_share=1.0, complaints=1.0, open_late=1.0, slow=1.0, orders=2.0)

    assert _metrics(told) == ["complaints", "late_share", "open_late", "orders"]


def test_what_argues_against_comes_last():
    told = _told(stars=-3.0, late_share=0.5)

    assert [(reason["metric"], reason["direction"]) for reason in told] == [("late_share", "up"), ("stars", "down")]


@pytest.mark.parametrize("weight", [0.05, -0.05])
def test_what_did_not_matter_is_not_told(weight):
    assert _told(late_share=weight) == []


def test_what_the_numbers_do_not_show_is_not_told():
    assert _told(stars=1.0, late_share=-1.0) == []


def test_the_same_weights_are_told_in_the_same_order():
    assert _told(late_share=1.0, complaints=1.0) == _told(complaints=1.0, late_share=1.0)
