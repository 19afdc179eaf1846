"""The worker's step: who is scored, and what is written."""

from dataclasses import replace
from datetime import timedelta

import numpy as np

from models import Account, Score, ScoreDay
from service.scoring import actions, history, scoring_round
from service.scoring.judgement import Judgement
from tests import make

CALM, LATE = [0.0, 0.1, 0.05] * 30, [0.9] * 7


def _account(session, values, metric=None, **facts):
    account = make.account(session, **facts)
    make.daily(session, account, metric or make.metric(session), values)
    return account


def test_an_account_with_new_data_is_scored_and_is_then_no_longer_due(db, settings):
    with db.begin() as session:
        account = _account(session, CALM + LATE)

    first = actions.score_due(db, settings, now=make.MONDAY)
    again = actions.score_due(db, settings, now=make.MONDAY)

    with db.read() as session:
        score, row = session.get(Score, account.id), session.get(Account, account.id)
    assert (first, again) == (1, 0)
    assert (row.scored_version, score.model, score.data_through) == (97, "starter", make.MONDAY)
    assert score.rise == score.risk
    assert score.reasons[0]["sentence"] == "Share delivered late 5 % → 90 % in 7 days (target 5 %)"


def test_data_that_comes_in_while_a_round_is_under_way_is_scored_in_the_next(db, settings):
    with db.begin() as session:
        account = make.account(session)
        make.observation(session, account, make.metric(session), 0.9, at=make.MONDAY + timedelta(seconds=2))

    too_early = actions.score_due(db, settings, now=make.MONDAY)
    next_round = actions.score_due(db, settings, now=make.MONDAY + timedelta(seconds=5))

    assert (too_early, next_round) == (0, 1)


def test_every_account_is_scored_again_after_a_day(db, settings):
    with db.begin() as session:
        account = _account(session, CALM)
    actions.score_due(db, settings, now=make.MONDAY)

    soon = actions.score_due(db, settings, now=make.MONDAY + timedelta(hours=20))
    later = actions.score_due(db, settings, now=make.MONDAY + timedelta(hours=25))

    with db.read() as session:
        days = session.query(ScoreDay).filter_by(account_id=account.id).count()
    assert (soon, later, days) == (0, 1, 2)


def test_a_score_that_says_the_same_again_has_not_changed(db, settings):
    with db.begin() as session:
        account = _account(session, [0.02] * 90)
    actions.score_due(db, settings, now=make.MONDAY)

    actions.score_due(db, settings, now=make.MONDAY + timedelta(days=1, minutes=1))

    with db.read() as session:
        score = session.get(Score, account.id)
    assert score.changed_at == make.MONDAY
    assert score.scored_at > make.MONDAY


def test_data_that_comes_in_while_scoring_leaves_the_account_due(db, settings):
    with db.begin() as session:
        account = _account(session, CALM)
        account.scored_version, account.data_version = 3, 5
    actions.score_due(db, settings, now=make.MONDAY)

    with db.begin() as session:
        session.get(Account, account.id).data_version = 6

    assert actions.score_due(db, settings, now=make.MONDAY) == 1


def test_an_account_without_observations_gets_no_score_and_is_not_asked_again(db, settings):
    with db.begin() as session:
        account = make.account(session, data_version=1)

    scored = actions.score_due(db, settings, now=make.MONDAY)

    with db.read() as session:
        assert session.get(Score, account.id) is None
        assert session.get(Account, account.id).scored_version == 1
    assert scored == 0


def test_a_metric_without_a_direction_is_not_scored(db, settings):
    with db.begin() as session:
        account = _account(session, CALM + LATE, make.metric(session, better=None))

    actions.score_due(db, settings, now=make.MONDAY)

    with db.read() as session:
        score = session.get(Score, account.id)
    assert (score.risk, score.reasons, score.missing) == (0, [], [])


def test_no_more_is_read_at_once_than_fits_unless_one_account_alone_has_it(db, settings, monkeypatch):
    monkeypatch.setattr(history, "MOST_ROWS", 50)
    with db.begin() as session:
        late = make.metric(session)
        sizes = {_account(session, CALM[:days], late).id: days for days in (30, 20, 1, 45, 10, 60, 5)}
        old = make.account(session)
        make.observation(session, old, late, 0.9, at=make.MONDAY - timedelta(days=200))

    with db.read() as session:
        due = scoring_round.due(session, make.MONDAY, 500, after=0, now=make.MONDAY)

    portions = [[sizes.get(account, 0) for account, _ in portion] for portion in due]
    assert portions == [[30, 20], [1, 45], [10], [60], [5, 0]]


def test_accounts_that_are_read_apart_get_the_scores_that_they_get_together(db, settings, monkeypatch):
    with db.begin() as session:
        late = make.metric(session)
        for bad in range(5):
            _account(session, CALM + [0.2 * bad] * 7, late)

    def scores(now):
        actions.score_due(db, settings, now=now)
        with db.read() as session:
            return {score.account_id: (score.risk, score.reasons) for score in session.query(Score)}

    together = scores(make.MONDAY)
    with db.begin() as session:
        session.query(Score).delete()
        session.query(Account).update({"scored_version": 0})
    monkeypatch.setattr(history, "MOST_ROWS", 1)

    assert scores(make.MONDAY) == together
    assert len({risk for risk, _ in together.values()}) > 2


class Broken:
    """A scorer whose arithmetic failed for every account."""

    version, typical = "broken", {}

    def judge(self, features):
        return Judgement(np.full(len(features.values), np.nan), np.zeros((len(features.values), 0)), ())


def test_a_risk_that_is_no_number_is_never_stored(db, settings):
    with db.begin() as session:
        account = _account(session, CALM)
    with db.read() as session:
        found = scoring_round.read(session, settings, [account.id], now=make.MONDAY)

    assert scoring_round.judge(replace(found, scorer=Broken()), now=make.MONDAY) == []
    assert len(scoring_round.judge(found, now=make.MONDAY)) == 1
