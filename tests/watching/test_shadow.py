"""A candidate runs beside the model that speaks, and is proposed, or not, with evidence."""

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import select

from models import AuditEntry, Comparison, ModelStatus, Score, ScoreDay, ShadowDay, TrainedModel, Verdict
from service.scoring import actions
from service.watching import comparison, daily, queries, shadows, words
from service.watching.comparison import Paired
from tests import make

TODAY = make.MONDAY.date()
CHAMPION, CANDIDATE = "20260101-000000", "20260201-000000"


@pytest.fixture
def champion(db, made):
    """A model that speaks; its files are not needed, its scores are there."""
    with db.begin() as session:
        card = made[0].card
        actions.register(session, CHAMPION, "0", card, 0.5, by="test", now=make.MONDAY - timedelta(days=60))
        actions.promote(session, CHAMPION, by="test", now=make.MONDAY - timedelta(days=60))


@pytest.fixture
def beside(db, champion, made):
    """A candidate that has run beside it for forty days over sixty accounts, each knowing its share of the truth."""

    def run(*, knows=1.0, champion_knows=1.0, days=40):
        draw = np.random.default_rng(2)
        with db.begin() as session:
            at = make.MONDAY - timedelta(days=45)
            actions.register(session, CANDIDATE, "0", made[0].card, 0.5, by="test", now=at)
            accounts = [make.account(session) for _ in range(60)]
            worth = draw.normal(size=60)
            for account, each in zip(accounts, worth, strict=True):
                make.score(session, account, 0.2, model=CHAMPION)
                for age in range(1, 60):
                    if draw.random() < _a_day(each):
                        make.complaint(session, account, at=make.MONDAY - timedelta(days=age, hours=3))
            for age in range(1, days + 1):
                for account, each in zip(accounts, worth, strict=True):
                    told = (_risk(each, know, draw) for know in (knows, champion_knows))
                    session.add(_shadow_day(account, TODAY - timedelta(days=age), *told))

    return run


def _a_day(worth):
    return 0.04 / (1 + np.exp(1.5 - 2 * worth))


def _risk(worth, knows, draw):
    truth = 1 - (1 - _a_day(worth)) ** 14
    log_odds = -1.5 + knows * (np.log(truth / (1 - truth)) + 1.5) + 0.3 * draw.normal()
    return float(1 / (1 + np.exp(-log_odds)))


def _shadow_day(account, day, risk, beside):
    facts = {"risk": risk, "beside": CHAMPION, "beside_risk": beside}
    return ShadowDay(model=CANDIDATE, day=day, account_id=account.id, **facts)


@pytest.fixture
def verdict(db, settings):
    def read():
        with db.read() as session:
            outcomes = daily.read_outcomes(session, settings, now=make.MONDAY)
            row = shadows.compare(session, settings, outcomes, now=make.MONDAY)
        return Comparison(**row)

    return read


def test_a_candidate_that_ranks_better_is_proposed_with_evidence(beside, verdict):
    beside(champion_knows=0.05)

    found = verdict()

    gain, low, high = found.evidence["average_precision_gain"]
    assert found.verdict is Verdict.BETTER
    assert 0 < low < gain < high
    assert found.evidence["days"] == 26
    assert words.proposal(found).startswith(f"{CANDIDATE} should speak: it ranks better. Average precision 0.")


def test_one_that_ranks_worse_is_not(beside, verdict):
    beside(knows=0.05)

    assert verdict().verdict is Verdict.WORSE


def test_what_may_be_chance_is_called_no_difference(beside, verdict):
    beside()

    found = verdict()

    low, high = found.evidence["average_precision_gain"][1:]
    assert low < 0 < high
    assert (found.verdict, found.evidence["why"]) == (Verdict.SAME, "what sets them apart may be chance")


def test_a_verdict_waits_for_the_days_whose_outcomes_are_known(beside, verdict):
    beside(champion_knows=0.05, days=20)

    found = verdict()

    assert found.verdict is Verdict.WAITING
    assert (found.evidence["days"], found.evidence["of"]) == (6, 14)
    # The first day is twenty days ago; the fourteenth's outcomes are known fifteen days after it.
    assert found.evidence["ready_on"] == (TODAY + timedelta(days=8)).isoformat()


def test_the_shadow_scores_every_account_once_a_day_as_it_would_if_it_spoke(db, settings, champion, company, register):
    version, accounts = company
    with db.begin() as session:
        session.scalar(select(TrainedModel).where(TrainedModel.version == version)).status = ModelStatus.CANDIDATE
        session.flush()
        session.scalar(select(TrainedModel).where(TrainedModel.version == CHAMPION)).status = ModelStatus.ACTIVE
        for account in accounts:
            make.score(session, account, 0.3, model=CHAMPION)

    done = [shadows.score(db, settings, now=make.MONDAY + timedelta(hours=hour)) for hour in (0, 5)]

    with db.begin() as session:
        said = {row.account_id: row for row in session.scalars(select(ShadowDay))}
        actions.promote(session, version, by="test", now=make.MONDAY)
    actions.score_due(db, settings, now=make.MONDAY)
    with db.read() as session:
        spoken = {score.account_id: score.risk for score in session.scalars(select(Score))}
    assert done == [80, 0]
    assert {account: row.risk for account, row in said.items()} == pytest.approx(spoken)
    assert {(row.beside, row.beside_risk) for row in said.values()} == {(CHAMPION, 0.3)}


def test_the_shadow_speaks_to_nobody(db, settings, beside, clock):
    beside()

    daily.run(db, settings, now=clock.at)

    with db.read() as session:
        assert {score.model for score in session.scalars(select(Score))} == {CHAMPION}
        assert session.query(ScoreDay).count() == 0


def test_a_newer_candidate_takes_the_place_in_the_shadow(db, settings, beside, made, clock):
    beside()
    with db.begin() as session:
        actions.register(session, "20260301-000000", "0", made[0].card, 0.5, by="test", now=make.MONDAY)

    daily.run(db, settings, now=clock.at)

    with db.read() as session:
        status = {model.version: model.status for model in session.scalars(select(TrainedModel))}
        retired = session.scalar(select(AuditEntry).where(AuditEntry.action == "model.retire"))
        assert queries.shadow(session).version == "20260301-000000"
    assert status[CANDIDATE] is ModelStatus.RETIRED
    assert (retired.subject, retired.detail["newer"]) == (CANDIDATE, "20260301-000000")


def test_a_candidate_older_than_the_model_that_speaks_is_no_candidate_any_more(db, beside):
    beside()
    with db.begin() as session:
        actions.promote(session, CANDIDATE, by="test", now=make.MONDAY)

    with db.read() as session:
        assert queries.shadow(session) is None


def test_beside_the_starter_score_the_backtest_is_evidence_enough(db, settings, company, verdict):
    version, _ = company
    with db.begin() as session:
        session.scalar(select(TrainedModel).where(TrainedModel.version == version)).status = ModelStatus.CANDIDATE

    found = verdict()

    assert (found.champion, found.verdict, found.evidence["basis"]) == ("starter", Verdict.BETTER, "backtest")
    assert "of the best simple rule" in words.proposal(found)


def test_an_account_counts_as_one_witness_however_many_days_it_has():
    draw = np.random.default_rng(4)
    risk, beside, hit = draw.random(40), draw.random(40), draw.random(40) < 0.4

    def width(days):
        account, day = np.tile(np.arange(40), days), np.repeat(np.arange(days), 40)
        rows = Paired(account, day, np.tile(risk, days), np.tile(beside, days), np.tile(hit, days))
        _, low, high = comparison.compare(rows, line=0.5)["average_precision_gain"]
        return high - low

    assert width(20) == pytest.approx(width(1), rel=0.25)
