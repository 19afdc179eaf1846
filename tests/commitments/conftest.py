"""A client with a metric, a promise, and a worker that looks."""

import pytest

from models import Commitment
from service.commitments import actions
from tests import make
from tests.updates.conftest import mailbox, tell, tick

__all__ = ["mailbox", "tell", "tick"]

BAD, GOOD = 0.19, 0.03


@pytest.fixture
def settings(settings, mailbox):
    """Settings whose mails go to the mailbox."""
    return settings.model_copy(update={"smtp_url": mailbox.url, "mail_from": "Headsup <headsup@ops.example>"})


@pytest.fixture
def account(db):
    """Northwind, whose rep is Rita, with a metric whose target is 5 %."""
    with db.begin() as session:
        make.metric(session)
        return make.account(session, external_id="northwind", rep=make.rep(session, email="rita@example.com"))


@pytest.fixture
def measured(db, account, clock):
    """Store the metric's values, one a day, the last of them yesterday."""

    def store(*values):
        with db.begin() as session:
            metric = session.query(make.Metric).one()
            session.query(make.Observation).delete()
            make.daily(session, account, metric, values, until=clock.at - make.timedelta(days=1))

    return store


@pytest.fixture
def promised(db, account):
    """Promise Northwind something; `bound` holds it against the metric."""

    def make_it(*, bound=False, **facts):
        with db.begin() as session:
            if bound:
                metric = session.query(make.Metric).one()
                facts |= {"metric_id": metric.id, "target": 0.05}
            return make.commitment(session, account, **facts)

    return make_it


@pytest.fixture
def look(db, settings, clock):
    """Let the worker look at the promises now; give them."""

    def review():
        actions.review(db, settings, now=clock.at)
        with db.read() as session:
            return list(session.query(Commitment).order_by(Commitment.due))

    return review


@pytest.fixture
def rows(db):
    """All rows of a table, in the order of their keys."""

    def read(table):
        with db.read() as session:
            return list(session.query(table).order_by(*table.__table__.primary_key))

    return read
