"""The starter score: honest about what it is, and slow to alarm on a young account."""

import json

import pytest

from service.scoring.features import build
from service.scoring.past import Prior
from service.scoring.rules import STARTER_LINE
from service.scoring.starter import Starter
from tests.scoring import frames
from tests.scoring.frames import LATE, OPEN

CALM = [(1, 1, ago + 0.5, 0.02 if ago % 2 else 0.04, f"c{ago}") for ago in range(7, 118)]
LATE_WEEK = [(1, 1, ago / 4, 0.9, f"l{ago}") for ago in range(28)]
OPEN_CALM = [(1, 2, ago, ago % 2, "") for ago in range(8, 118)]
OPEN_WEEK = [(1, 2, ago, 9, "") for ago in range(8)]


def _risk(observed, complained=(), days=400):
    history = frames.history(observed, complained, days=days)
    definitions = (LATE, OPEN)
    features = build(history, frames.snapshots((1, 0)), definitions, Prior())
    judgement = Starter(definitions, learning_days=28).judge(features)
    return float(judgement.risk[0]), dict(zip(judgement.groups, judgement.weights[0].tolist(), strict=True))


def test_a_quiet_account_has_no_risk():
    assert _risk(CALM + OPEN_CALM)[0] == 0


def test_one_bad_metric_stays_under_the_line_and_two_cross_it():
    one, two = _risk(CALM + LATE_WEEK + OPEN_CALM)[0], _risk(CALM + LATE_WEEK + OPEN_CALM + OPEN_WEEK)[0]

    assert 0.4 < one < STARTER_LINE < two < 1


def test_weights_point_at_what_is_bad():
    weights = _risk(CALM + LATE_WEEK + OPEN_CALM)[1]

    assert weights["late_share"] > 1
    assert (weights["open_late"], weights["complaints"]) == (0, 0)


def test_a_young_account_is_not_alarmed_by_an_early_dip():
    dip = LATE_WEEK + OPEN_WEEK

    young, old = _risk(dip, [(1, 1), (1, 2)], days=20)[0], _risk(dip + CALM + OPEN_CALM, [(1, 1), (1, 2)])[0]

    assert young < STARTER_LINE < old


def test_more_complaints_than_usual_are_a_sign():
    assert _risk(CALM, [(1, 3), (1, 5)])[0] == pytest.approx(0.55)
    assert _risk(CALM, [(1, ago) for ago in range(2, 90, 14)])[0] < 0.1


def test_it_is_called_what_it_is():
    starter = Starter((LATE,), 28)

    assert starter.version == "starter"
    assert json.dumps(starter.typical) == "{}"
