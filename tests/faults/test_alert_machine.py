"""Whatever people and risks do to an alert, in any order, it does what a model of a dozen lines says."""

from datetime import timedelta

from hypothesis import HealthCheck
from hypothesis import settings as limits
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from hypothesis.strategies import floats, integers, sampled_from
from sqlalchemy import delete, func, select

from models import Alert, AlertEvent, AlertStatus, AuditEntry, Score
from service.alerts import actions
from service.alerts.rules import AlertResolved
from service.kit.clock import SetClock
from tests import make
from tests.faults.conftest import size

STEPS, RUNS = size(40, 100), size(50, 530)
LINE = 0.7
COOL_DOWN = timedelta(hours=72)
"""What the settings say by default."""


class Alerts(RuleBasedStateMachine):
    """One account's alerts, and what should become of them. A test gives it a database and settings."""

    db = None
    wanted = None
    steps = 0

    @initialize()
    def begin(self):
        self.clock = SetClock(make.MONDAY)
        self.status, self.ended_at, self.opened = None, None, 0
        with self.db.begin() as session:
            for table in (AlertEvent, Alert, Score, AuditEntry):
                session.execute(delete(table))
            self.account = make.account(session).id
            session.add(_score(self.account, 0.1))

    def live(self, session):
        return session.scalar(select(Alert).where(Alert.account_id == self.account, Alert.resolved_at.is_(None)))

    @rule(hours=integers(1, 30), risk=floats(0.0, 1.0))
    def a_new_score_is_reviewed(self, hours, risk):
        self.clock.at += timedelta(hours=hours)
        with self.db.begin() as session:
            session.get(Score, self.account).risk = risk
            session.get(Score, self.account).rise = risk
        with self.db.begin() as session:
            done = actions.review(session, self.wanted, now=self.clock.at)
        if done.opened:
            assert self.status is None, "a second alert opened beside a live one"
            assert risk >= LINE
            assert self.ended_at is None or self.clock.at >= self.ended_at + COOL_DOWN
            self.status, self.opened = AlertStatus.OPEN, self.opened + 1
        elif done.faded:
            assert self.status in {AlertStatus.OPEN, AlertStatus.SNOOZED}
            self.status, self.ended_at = None, self.clock.at
        elif done.woken:
            assert self.status in {AlertStatus.ACKNOWLEDGED, AlertStatus.SNOOZED}
            self.status = AlertStatus.OPEN

    @rule(times=integers(1, 3))
    def somebody_acknowledges(self, times):
        for _ in range(times):
            self.act(lambda session, alert: actions.acknowledge(session, alert, by="ola", now=self.clock.at))
        self.status = self.status and AlertStatus.ACKNOWLEDGED

    @rule(hours=integers(1, 100))
    def somebody_snoozes(self, hours):
        until = self.clock.at + timedelta(hours=hours)
        done = self.act(
            lambda session, alert: actions.snooze(session, alert, until=until, risk=None, by="ola", now=self.clock.at)
        )
        self.status = AlertStatus.SNOOZED if done else self.status

    @rule(times=sampled_from([1, 2]))
    def somebody_resolves(self, times):
        with self.db.begin() as session:
            alert = self.live(session)
            for _ in range(times if alert else 0):
                actions.resolve(session, alert, "fixed", by="ola", now=self.clock.at)
        if self.status:
            self.status, self.ended_at = None, self.clock.at

    @rule()
    def nobody_can_move_what_has_ended(self):
        with self.db.begin() as session:
            ended = session.scalars(select(Alert).where(Alert.resolved_at.is_not(None)).limit(1)).first()
            if ended is not None:
                try:
                    actions.acknowledge(session, ended, by="ola", now=self.clock.at)
                except AlertResolved:
                    return
                message = "an alert that had ended was acknowledged"
                raise AssertionError(message)

    def act(self, what):
        with self.db.begin() as session:
            alert = self.live(session)
            if alert is not None:
                what(session, alert)
            return alert is not None

    @invariant()
    def tables_and_model_agree(self):
        if not hasattr(self, "account"):
            return
        type(self).steps += 1
        with self.db.read() as session:
            alerts = list(session.scalars(select(Alert).where(Alert.account_id == self.account)))
            openings = select(func.count()).where(AlertEvent.kind == "opened")
            assert session.scalar(openings) == len(alerts) == self.opened
        live = [alert.status for alert in alerts if alert.resolved_at is None]
        assert live == ([self.status] if self.status else [])


def _score(account_id, risk):
    now = make.MONDAY
    return Score(
        account_id=account_id,
        risk=risk,
        rise=risk,
        model="starter",
        reasons=[],
        missing=[],
        scored_at=now,
        changed_at=now,
    )


def test_no_order_of_events_breaks_the_rules_of_an_alert(db, settings):
    wanted = settings.model_copy(update={"alerts_per_day": 1000})
    on_this = type("Alerts", (Alerts,), {"db": db, "wanted": wanted})
    run_state_machine_as_test(on_this, settings=SIZES)

    print({"runs": RUNS, "steps": on_this.steps})  # noqa: T201


SIZES = limits(
    max_examples=RUNS,
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
