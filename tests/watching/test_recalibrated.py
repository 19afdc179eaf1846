"""Outcomes move the level of what a model says: between trainings, in the open, and back again."""

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import select, update

from models import Account, ModelShift, Score
from service.scoring import actions, queries
from service.watching import daily
from tests import make

SAID = 0.25


@pytest.fixture
def lived(db, company):
    """Four weeks of days on which the model said less of each account than came."""
    version, accounts = company
    with db.begin() as session:
        for account in accounts:
            make.risk_days(session, account, [SAID] * 43, until=make.MONDAY - timedelta(days=1), model=version)
    return version


@pytest.fixture
def risks(db, settings):
    """Score all accounts anew and read their log-odds."""

    def of(now):
        with db.begin() as session:
            session.execute(update(Account).values(scored_version=0))
        actions.score_due(db, settings, now=now)
        with db.read() as session:
            risk = np.array(session.scalars(select(Score.risk).order_by(Score.account_id)).all())
        return np.log(risk / (1 - risk))

    return of


def test_more_complaints_than_were_said_raise_all_risks_alike(db, settings, lived, risks):
    before = risks(make.MONDAY)
    daily.run(db, settings, now=make.MONDAY)
    after = risks(make.MONDAY)

    with db.read() as session:
        shift = queries.shift_of(session, lived)
    assert 0.1 < shift < np.log(2)
    assert after - before == pytest.approx(shift, abs=1e-6)


def test_a_round_that_is_done_again_moves_nothing_further(db, settings, lived, risks):
    risks(make.MONDAY)
    shifts = []
    for days in range(3):
        daily.run(db, settings, now=make.MONDAY + timedelta(days=days))
        risks(make.MONDAY + timedelta(days=days))
        with db.read() as session:
            shifts.append(queries.shift_of(session, lived))

    assert np.ptp(shifts) < 0.1


def test_a_model_that_has_not_spoken_for_long_speaks_as_it_was_trained(db, settings, lived, risks):
    with db.begin() as session:
        session.add(ModelShift(model="m-of-old", day=make.MONDAY.date() - timedelta(days=90), shift=0.5))
    risks(make.MONDAY)

    daily.run(db, settings, now=make.MONDAY)

    with db.read() as session:
        assert queries.shift_of(session, "m-of-old") == 0.0


@pytest.mark.usefixtures("lived")
def test_the_level_is_told(db, settings, risks, cli, client_with):
    risks(make.MONDAY)
    daily.run(db, settings, now=make.MONDAY)

    factor = client_with("read").get("/v1/model").json()["odds_factor"]

    assert 1.1 < factor < 2
    assert f"raises the odds of all risks by {factor - 1:.0%}".replace("%", " %") in cli("watch").output
