"""In which order figures come, how often and how late, changes nothing of what is made of them."""

from datetime import timedelta

from hypothesis import HealthCheck, given, strategies
from hypothesis import settings as limits
from sqlalchemy import delete, select

from models import Account, Alert, AlertEvent, Observation, Score, ScoreDay
from service import worker
from tests import make
from tests.faults.conftest import size
from tests.faults.scenario import METRICS

ORDERS = size(8, 50)
HOUR = timedelta(hours=1)


def figures():
    """Sixty days of three metrics, bad in the last ten."""
    return [
        {
            "account_id": "northwind",
            "metric": metric,
            "observed_at": (make.MONDAY - timedelta(days=age) - HOUR).isoformat(),
            "value": 0.6 if age < 10 else 0.02 + 0.01 * (age % 2),
        }
        for metric in METRICS
        for age in range(60)
    ]


def forget(db):
    with db.begin() as session:
        for table in (AlertEvent, Alert, Score, ScoreDay, Observation):
            session.execute(delete(table))


def outcome(db):
    """What is made of it: the score with its reasons, and the alerts."""
    with db.read() as session:
        scores = [(each.risk, each.reasons, each.missing, each.data_through) for each in session.scalars(select(Score))]
        alerts = [(each.opened_at, each.risk_opened, each.reasons) for each in session.scalars(select(Alert))]
        versions = session.execute(select(Account.data_version - Account.scored_version)).all()
        return scores, alerts, versions


def test_any_order_with_repeats_and_latecomers_ends_in_the_same_score_and_alert(api, db, settings, clock):
    rows, seen = figures(), []
    with db.begin() as session:
        for metric in METRICS:
            make.metric(session, metric)

    def come(order, late):
        forget(db)
        shuffled = [rows[n] for n in order]
        cut = len(shuffled) - late
        for part in (shuffled[:cut], shuffled[cut - 20 :] + shuffled[:20]):
            assert api.post("/v1/observations", json={"observations": part}).status_code == 200
        worker.tick(db, settings, now=clock.at)
        seen.append(outcome(db))

    orders = strategies.permutations(range(len(rows)))
    once = given(orders, strategies.integers(0, 60))(come)
    HYPOTHESIS(once)()

    print({"orders": len(seen), "outcomes": len({repr(each) for each in seen})})  # noqa: T201
    assert len(seen) >= ORDERS
    assert all(each == seen[0] for each in seen)
    assert len(seen[0][0]) == len(seen[0][1]) == 1


HYPOTHESIS = limits(
    max_examples=ORDERS, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True
)
