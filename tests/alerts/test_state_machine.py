"""Random lives of one account's alerts: no illegal move, never two live alerts, no alert within the cool-down."""

from datetime import timedelta

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from models import Alert, Resolution
from service.alerts import actions, queries, rules
from service.kit.database import Session
from service.kit.errors import Conflict, Invalid
from tests import make

STARTER_LINE = 0.7
# What a person's verb makes of an alert that stands there; where nothing is named, it is refused.
EXPECTED = {
    "acknowledge": dict.fromkeys(("open", "acknowledged", "snoozed"), "acknowledged"),
    "snooze": dict.fromkeys(("open", "acknowledged", "snoozed"), "snoozed"),
    "resolve": dict.fromkeys(("open", "acknowledged", "snoozed", "fixed"), "resolved"),
    "mark_wrong": dict.fromkeys(("open", "acknowledged", "snoozed", "wrong"), "resolved"),
}
BY_ITSELF = {("snoozed", "open"), ("acknowledged", "open"), ("open", "resolved"), ("snoozed", "resolved")}


class Lives(RuleBasedStateMachine):
    db = limits = None

    @initialize()
    def begin(self):
        self.session = Session(self.db.engine)
        self.now = make.MONDAY
        account = make.account(self.session)
        self.score = make.score(self.session, account, 0.5)

    def teardown(self):
        self.session.close()

    def alerts(self):
        found = self.session.scalars(select(Alert).where(Alert.account_id == self.score.account_id))
        return sorted(found, key=lambda alert: alert.opened_at)

    @rule(
        minutes=st.sampled_from([1, 61, 600, 2_881, 5_000, 21_000]),
        risk=st.sampled_from([0.0, 0.3, 0.55, 0.57, 0.69, 0.7, 0.8, 0.97, 1.0]),
    )
    def time_goes_by(self, minutes, risk):
        self.now += timedelta(minutes=minutes)
        self.score.risk = risk
        self.session.flush()
        before = {alert.id: alert.status for alert in self.alerts()}
        newest = self.alerts()[-1:]
        reviewed = actions.review(self.session, self.limits, now=self.now)
        actions.escalate(self.session, self.limits, now=self.now)
        for alert in self.alerts():
            was = before.get(alert.id)
            assert was in (None, alert.status) or (was, alert.status) in BY_ITSELF
        self.check_opened(reviewed.opened, newest)

    def check_opened(self, opened, newest):
        for alert in opened:
            assert alert.risk_opened == self.score.risk >= STARTER_LINE
            assert not newest or newest[0].resolved_at + timedelta(hours=72) <= self.now

    def do(self, name, verb):
        for alert in self.alerts()[-1:]:
            before = alert.resolution or alert.status
            events = len(queries.events(self.session, alert.id))
            expected = EXPECTED[name].get(before)
            try:
                verb(alert)
            except Conflict:
                assert expected is None
                assert len(queries.events(self.session, alert.id)) == events
            else:
                assert expected == alert.status

    @rule()
    def acknowledge(self):
        self.do("acknowledge", lambda alert: actions.acknowledge(self.session, alert, by="ola", now=self.now))

    @rule(verb=st.sampled_from(["resolve", "mark_wrong"]))
    def end(self, verb):
        self.do(verb, lambda alert: getattr(actions, verb)(self.session, alert, "Done.", by="ola", now=self.now))

    @rule(hours=st.integers(1, 100))
    def snooze(self, hours):
        until = self.now + timedelta(hours=hours)
        put = actions.snooze
        self.do("snooze", lambda alert: put(self.session, alert, until=until, risk=None, by="ola", now=self.now))

    @rule(risk=st.floats(0, 1.1))
    def snooze_until_a_risk(self, risk):
        for alert in self.alerts()[-1:]:
            try:
                actions.snooze(self.session, alert, until=None, risk=risk, by="ola", now=self.now)
            except Conflict:
                assert alert.resolved_at
            except Invalid:
                assert not alert.risk < risk <= 1
            else:
                assert alert.snooze_risk == risk

    @invariant()
    def one_live_alert_at_most(self):
        alerts = self.alerts() if hasattr(self, "session") else []
        assert sum(alert.resolved_at is None for alert in alerts) <= 1
        for alert in alerts:
            late = alert.escalated_at
            assert late is None or late >= alert.asked_at + timedelta(hours=1)
            assert alert.resolution is not Resolution.FADED or alert.below_since + rules.FADE_AFTER <= self.now


def test_no_life_of_an_alert_breaks_the_rules(db, settings):
    class Here(Lives):
        pass

    Here.db, Here.limits = db, settings
    effort = hypothesis.settings(max_examples=40, stateful_step_count=60, deadline=None)
    run_state_machine_as_test(Here, settings=effort)
