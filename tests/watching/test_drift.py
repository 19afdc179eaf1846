"""Features always move; people are called when alerts are likely to be right less often."""

from datetime import timedelta
from email import message_from_bytes, policy

import numpy as np
import pytest
from sqlalchemy import select, update

from models import AuditEntry, Mail, Metric, ModelDay, Notice, Observation, Role, WatchDay
from service import worker
from service.scoring import actions
from service.watching import daily, drift, psi, rules
from service.watching.drift import Evidence, Promise
from tests import make

TODAY = make.MONDAY.date()


@pytest.fixture
def days(db, settings, company):
    """Live through some days of watching; the scores themselves stay as they are."""
    version, accounts = company
    with db.begin() as session:
        for account in accounts:
            make.score(session, account, 0.2, model=version)

    def live(count=1):
        for after in range(count):
            daily.run(db, settings, now=make.MONDAY + timedelta(days=after))

    return live


@pytest.fixture
def shift(db):
    """Let the values of a metric be others in the last month than they were."""

    def change(metric, *, times=1.0, plus=0.0, days=30):
        with db.begin() as session:
            metric_id = session.scalar(select(Metric.id).where(Metric.external_id == metric))
            rows = update(Observation).where(
                Observation.metric_id == metric_id, Observation.observed_at > make.MONDAY - timedelta(days=days)
            )
            session.execute(rows.values(value=Observation.value * times + plus))

    return change


@pytest.fixture
def notices(db):
    def read():
        with db.read() as session:
            return list(session.scalars(select(Notice).order_by(Notice.opened_at)))

    return read


def watched(db, day=TODAY):
    with db.read() as session:
        return session.get(WatchDay, day)


def group(day, name):
    return next(each for each in day.groups if each["group"] == name)


def test_where_nothing_moved_as_much_is_expected_as_was_promised(db, days, notices):
    days(3)

    day = watched(db)
    assert day.sampled == 80
    assert group(day, "late_share")["psi"] < 0.25
    assert day.expected > 0.9 * day.promised
    assert notices() == []


def test_a_drift_that_matters_calls_people_after_three_days(db, days, shift, notices):
    shift("late_share", plus=0.2)

    days(2)
    assert notices() == []
    days(3)

    (notice,) = notices()
    day = watched(db, TODAY + timedelta(days=2))
    assert day.expected < 0.9 * day.promised
    assert notice.loss == pytest.approx(1 - day.expected / day.promised)
    assert "Share delivered late: 2" in notice.lines[1]
    assert "headsup train" in notice.lines[-1]


def test_a_drift_of_what_has_little_weight_calls_nobody(db, days, shift, notices):
    shift("open", times=1.3)

    days(4)

    moved = group(watched(db), "open")
    assert moved["psi"] > 1
    assert rules.has_moved(moved)
    assert notices() == []


def test_an_input_that_stops_coming_calls_people(db, days, notices):
    with db.begin() as session:
        late = session.scalar(select(Metric.id).where(Metric.external_id == "late_share"))
        session.query(Observation).filter(Observation.metric_id == late).delete()

    days(3)

    (notice,) = notices()
    assert "Share delivered late: missing at 100 % of the accounts, 0 % before." in notice.lines


def test_a_notice_is_closed_when_the_loss_is_gone(db, days, shift, notices):
    shift("late_share", plus=0.2)
    days(3)
    shift("late_share", plus=-0.2)

    days(4)

    (notice,) = notices()
    assert (notice.closed_at, notice.why_closed) == (make.MONDAY + timedelta(days=3), "the loss is gone")
    with db.read() as session:
        moves = [entry.action for entry in session.query(AuditEntry).order_by(AuditEntry.id)]
    assert moves[-2:] == ["model.notice", "model.notice_close"]


def test_each_lead_is_mailed_once_about_a_notice(db, settings, days, shift):
    with db.begin() as session:
        make.operator(session, "lena@example.com", Role.LEAD)
    shift("late_share", plus=0.2)
    days(3)

    for _ in range(2):
        worker.tick(db, settings.model_copy(update={"alerts_per_day": 0.001}), now=make.MONDAY + timedelta(days=3))

    with db.read() as session:
        mails = list(session.scalars(select(Mail).where(Mail.kind == "model")))
    text = message_from_bytes(mails[0].content, policy=policy.default).get_body(("plain",)).get_content()
    assert [mail.recipient for mail in mails] == ["lena@example.com"]
    assert "Look at the model: http://127.0.0.1:8000/model" in text
    assert "are expected to complain" in text


def test_outcomes_that_keep_the_promise_settle_that_the_change_is_real():
    promised = Promise(flagged=0.1, right=0.8, said=0.8)
    found = [{"group": "late_share", "psi": 4.0, "push": 1.5, "spread": 1.0, "missing": 0.0, "missing_was": 0.0}]
    risk = np.full(50, 0.8)

    doubted, _ = drift.expected(risk, 0.5, found, promised, None)
    settled, flagged = drift.expected(risk, 0.5, found, promised, Evidence(500, 400, 0.8, push=1.5))

    assert doubted == pytest.approx(1 / (1 + np.exp(-(np.log(4) - 1.5))))
    assert settled == pytest.approx(0.8, abs=0.02)
    assert flagged == 50


def test_lived_precision_below_the_promise_calls_people_unless_it_may_be_chance(db, settings, days, notices):
    days(1)
    day = watched(db)
    few, many = (_lived(day.model, over, right=0.5) for over in (3, 60))

    assert rules.loss([day], rules.recent(few), 0.1) is None
    assert rules.loss([day], rules.recent(many), 0.1) == (pytest.approx(1 - 0.5 / day.promised), "lived")


@pytest.mark.parametrize(("complained", "way"), [(24, "too low"), (5, "too high")])
def test_risks_that_do_not_come_true_call_people_though_alerts_are_right(days, notices, db, complained, way):
    days(1)
    with db.begin() as session:
        session.add_all(_lived(watched(db).model, 5, right=1.0, complained=complained))

    days(2)

    (notice,) = notices()
    assert notice.title == "Risks are no longer what comes true"
    assert f"said that 12.0 % of the accounts would complain within 14 days, {complained}.0 % did" in notice.lines[0]
    assert f"they are {way}" in notice.lines[0]


def test_what_chance_does_to_a_few_accounts_calls_nobody():
    days = _lived("model", 5, right=1.0, complained=16)

    assert rules.off_level(rules.recent(days), rules.OFF_LEVEL) is None


def test_a_small_sample_that_drew_from_the_same_values_has_not_moved():
    draw = np.random.default_rng(1)
    then = psi.reference(draw.normal(size=5_000).astype(np.float32), accounts=500)

    by_chance = [psi.index(then, draw.normal(size=20).astype(np.float32)) for _ in range(200)]

    assert np.mean(np.array(by_chance) > rules.MOVED) < 0.1
    assert psi.index(then, (draw.normal(size=200) + 1).astype(np.float32)) > 0.5


def test_psi_is_what_its_formula_says():
    then = {"edges": [1.0], "shares": [0.5, 0.5, 0.0], "accounts": 10**9}

    found = psi.index(then, np.array([1.0] * 90_000 + [2.0] * 10_000, dtype=np.float32))

    assert found == pytest.approx(0.4 * np.log(1.8) + 0.4 * np.log(5), abs=0.002)


def test_scores_of_the_same_model_in_training_and_watching_are_the_same(db, settings, company):
    actions.score_due(db, settings, now=make.MONDAY)
    daily.run(db, settings, now=make.MONDAY)

    day = watched(db)
    assert (day.scored, day.accounts, day.sampled) == (80, 80, 80)
    assert day.flagged == day.over_line > 0


def _lived(model, over, *, right, complained=12):
    counts = {
        "scored": 100,
        "acted_on": 0,
        "risk_sum": 12.0,
        "over": over,
        "over_risk": 0.8 * over,
        "top": 5,
        "complained": complained,
    }
    hits = {"over_hits": round(over * right), "top_hits": 4, "average_precision": 0.6, "bins": []}
    days = (TODAY - timedelta(days=16 + age) for age in range(20))
    return [ModelDay(model=model, day=day, shadow=False, line=0.5, mature=True, **counts, **hits) for day in days]
