"""Several workers and several people at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select, update

from models import Alert, HoldoutDraw, Score
from service.alerts import actions, holdout, queries, rules, trial
from tests import make

WORKERS = 4


def at_once(work):
    """Run `work` in several threads that start together, and return what each gave."""
    start = Barrier(WORKERS)

    def run(number):
        start.wait()
        return work(number)

    with ThreadPoolExecutor(WORKERS) as threads:
        return list(threads.map(run, range(WORKERS)))


@pytest.fixture
def risky(db):
    """Twenty accounts over the line."""
    with db.begin() as session:
        return [make.score(session, make.account(session), 0.9).account_id for _ in range(20)]


def live_per_account(db):
    with db.read() as session:
        live = select(func.count()).where(Alert.resolved_at.is_(None)).group_by(Alert.account_id)
        return session.scalars(live).all()


def test_workers_that_review_at_once_open_one_alert_an_account(db, settings, risky):
    def review(_number):
        with db.begin() as session:
            return len(actions.review(session, settings, now=make.MONDAY).opened)

    assert sum(at_once(review)) == len(risky)
    assert live_per_account(db) == [1] * len(risky)


def test_workers_that_review_at_once_keep_the_budget_together(db, settings, risky):
    small = settings.model_copy(update={"alerts_per_day": 3})

    def review(_number):
        with db.begin() as session:
            return len(actions.review(session, small, now=make.MONDAY).opened)

    assert sum(at_once(review)) == 6


def test_workers_that_review_at_once_alert_or_hold_back_each_account_once(db, settings, risky):
    with db.begin() as session:
        session.execute(update(Score).values(risk=0.75))
    holding = settings.model_copy(update={"holdout_share": 0.2})

    def review(_number):
        with db.begin() as session:
            actions.review(session, holding, now=make.MONDAY)

    at_once(review)

    with db.read() as session:
        held = session.scalars(select(HoldoutDraw.account_id).where(HoldoutDraw.held)).all()
        alerted = session.scalars(select(Alert.account_id)).all()
    assert sorted([*held, *alerted]) == sorted(risky)


def test_of_two_that_hold_an_account_back_at_once_one_is_believed(db, settings, risky):
    holding = settings.model_copy(update={"holdout_share": 0.2})
    certain = [account for account in risky if holdout.lot("k" * 43, account, "2026-W10") < 0.2]

    def draw_all(_number):
        with db.begin() as session:
            draws = trial.Trial(session, holding, now=make.MONDAY)
            return [draws.holds(queries.Candidate(account, 0.75, "starter", None), 0.7) for account in certain]

    at_once(draw_all)

    with db.read() as session:
        held = session.scalars(select(HoldoutDraw.account_id)).all()
    assert certain
    assert sorted(held) == sorted(certain)


def test_the_index_decides_where_two_open_an_alert_for_the_same_account(db, risky):
    def open_all(_number):
        with db.begin() as session:
            found = [queries.Candidate(account_id, 0.9, "starter", None) for account_id in risky]
            return [queries.insert_alert(session, each, 0.7, now=make.MONDAY) for each in found]

    opened = [alert for answers in at_once(open_all) for alert in answers if alert]

    assert sorted(alert.account_id for alert in opened) == sorted(risky)


def test_only_one_of_those_who_end_an_alert_at_once_is_believed(api, db):
    with db.begin() as session:
        alert_id = make.alert(session, make.account(session)).id

    def end(number):
        verb, body = ("resolve", {"note": "Done."}) if number % 2 else ("wrong", {"why": "Test orders."})
        return verb, api.post(f"/v1/alerts/{alert_id}/{verb}", json=body).status_code

    answers = at_once(end)

    believed = {verb for verb, status in answers if status == 200}
    assert len(believed) == 1
    assert {status for _, status in answers} == {200, 409}
    assert len(api.get(f"/v1/alerts/{alert_id}").json()["events"]) == 1


def test_who_decides_on_an_old_state_is_told_to_look_again(db):
    with db.begin() as session:
        alert_id = make.alert(session, make.account(session)).id
    with db.read() as session:
        seen = queries.alert(session, alert_id)
    with db.begin() as session:
        actions.acknowledge(session, queries.alert(session, alert_id), by="omar", now=make.MONDAY)

    def decide():
        with db.begin() as session:
            session.add(seen)
            actions.resolve(session, seen, "Done.", by="ola", now=make.MONDAY)

    with pytest.raises(rules.ChangedMeanwhile):
        decide()

    with db.read() as session:
        assert [event.kind for event in queries.events(session, alert_id)] == ["acknowledged"]


def test_a_new_risk_is_no_move_and_fails_nobody(db, settings):
    with db.begin() as session:
        account = make.account(session)
        alert_id = make.alert(session, account).id
        make.score(session, account, 0.9)
    with db.read() as session:
        seen = queries.alert(session, alert_id)
    with db.begin() as session:
        actions.review(session, settings, now=make.MONDAY + timedelta(minutes=1))

    with db.begin() as session:
        session.add(seen)
        actions.acknowledge(session, seen, by="ola", now=make.MONDAY + timedelta(minutes=2))

    with db.read() as session:
        alert = queries.alert(session, alert_id)
        assert (alert.acknowledged_by, alert.risk, session.get(Score, account.id).risk) == ("ola", 0.9, 0.9)
