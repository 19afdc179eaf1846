"""The world changes: what made clients complain no longer does, something else does.

The simulated company is lived twice with the same troubles; before the change clients mind late deliveries, after it
they mind tickets without an answer. Both give their complaints to one history.
"""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from models import Comparison, Complaint, ModelStatus, Notice, Observation, Verdict
from service.scoring import actions
from service.watching import actions as watching
from service.watching import daily, queries, words
from tests import make
from tests.conftest import SAME_SUMS
from tests.watching.conftest import unwatched
from training import backtest, simulated_clients, training
from training.simulate import METRICS, simulate
from training.simulated_causes import TICKETS, WAYS
from training.window import Asked

pytestmark = SAME_SUMS

UNTIL, DAYS, ACCOUNTS = date(2026, 3, 2), 380, 100
CHANGE = datetime(2025, 9, 8, 12, tzinfo=UTC)
RETRAINED = datetime(2026, 1, 26, 12, tzinfo=UTC)
KEPT = {"deliveries", "late_share", "tickets_unanswered"}


@pytest.fixture
def told(db, monkeypatch):
    """A company whose clients change their minds on the day of CHANGE: `told(until)` tells what happened up to then."""
    monkeypatch.setattr(simulated_clients, "BASE", -6.8)
    before = simulate(accounts=ACCOUNTS, days=DAYS, until=UNTIL, seed=4)
    for way in range(WAYS):
        monkeypatch.setitem(simulated_clients.WEIGHTS, way, 2.0 if way == TICKETS else 0.0)
    after = simulate(accounts=ACCOUNTS, days=DAYS, until=UNTIL, seed=4)
    with db.begin() as session:
        accounts = {row["account_id"]: make.account(session, data_version=1).id for row in before.accounts}
        metrics = {row["metric"]: make.metric(session, row["metric"], **_facts(row)).id for row in METRICS}
    columns = [column.tolist() for column in before.observations.values()]
    observations = [
        {"account_id": accounts[account], "metric_id": metrics[metric], "observed_at": at.replace(tzinfo=UTC),
         "value": value, "item_id": item}
        for account, metric, at, value, item in zip(*columns, strict=True)
        if metric in KEPT
    ]  # fmt: skip
    complaints = [
        {"external_id": f"{number}", "account_id": accounts[row["account_id"]], "occurred_at": at, "received_at": at,
         "severity": 2, "channel": "phone"}
        for number, (world, row) in enumerate((world, row) for world in (before, after) for row in world.complaints)
        if ((at := datetime.fromisoformat(row["occurred_at"])) < CHANGE) == (world is before)
    ]  # fmt: skip
    known = [datetime.min.replace(tzinfo=UTC)]

    def tell(until):
        with db.begin() as session:
            for table, at, rows in ((Observation, "observed_at", observations), (Complaint, "occurred_at", complaints)):
                session.execute(insert(table), [row for row in rows if known[-1] < row[at] <= until])
        known.append(until)

    return tell


def _facts(row):
    return {name: row[name] for name in ("label", "unit", "better", "target", "combine", "exposure")}


def _train(db, settings, now):
    with db.read() as session:
        material = backtest.collect(session, Asked(), 14, now=now, progress=unwatched)
    made = training.train(material, settings, seed=0, now=now, progress=unwatched)
    with db.begin() as session:
        actions.register(session, made.version, made.sha256, made.card, made.line, by="test", now=now)
    return made.version


def _live(db, settings, days):
    for day in days:
        # A score is made anew when it is older than a day.
        now = RETRAINED + timedelta(days=day, minutes=day)
        actions.score_due(db, settings, now=now)
        daily.run(db, settings, now=now)


def test_the_model_of_the_old_world_is_found_out_and_that_of_the_new_one_is_proposed(db, settings, told):
    settings = settings.model_copy(update={"shadow_days": 7})
    told(CHANGE)
    old = _train(db, settings, CHANGE)
    with db.begin() as session:
        actions.promote_tested(session, settings, old, by="test", now=CHANGE)
    told(RETRAINED)
    new = _train(db, settings, RETRAINED)
    told(RETRAINED + timedelta(days=31))

    _live(db, settings, [*range(15), 30])

    with db.begin() as session:
        found = session.get(Comparison, (new, old))
        assert found.verdict is Verdict.BETTER
        assert words.proposal(found).startswith(f"{new} should speak: ")
        own, other = found.evidence["average_precision"]
        assert own > 1.5 * other
        assert queries.proposed(session)
        assert [notice.model for notice in session.scalars(select(Notice))] == [old]
        actions.promote_tested(session, settings, new, by="test", now=RETRAINED)
    with db.begin() as session:
        former, left = watching.roll_back(session, settings, by="test", now=RETRAINED)
        assert (former.version, left.version, left.status) == (old, new, ModelStatus.RETIRED)
