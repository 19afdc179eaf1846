"""A relay that takes mail, and an account with an alert whose rep waits to be told."""

from datetime import timedelta

import pytest

from service import worker
from service.alerts import queries as alerts
from service.updates import actions
from service.updates.schemas import UpdateIn
from tests import make
from tests.mailbox import open_mailbox

SAID = {
    "cause": "Two drivers are off sick on the northern route.",
    "owner": "Ola Berg",
    "fix": "A second van starts tomorrow at 06:00.",
    "say": "Your deliveries are back on time from Thursday on.",
}


@pytest.fixture
def mailbox():
    with open_mailbox() as box:
        yield box


@pytest.fixture
def settings(settings, mailbox):
    """Settings whose mails go to the mailbox."""
    return settings.model_copy(update={"smtp_url": mailbox.url, "mail_from": "Headsup <headsup@ops.example>"})


@pytest.fixture
def alert(db):
    """An alert for Northwind, whose rep is Rita."""
    with db.begin() as session:
        account = make.account(session, rep=make.rep(session, email="rita@example.com"))
        make.risk_days(session, account, [0.2, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.9])
        return make.alert(session, account)


@pytest.fixture
def tick(db, settings, clock):
    """Run the worker once, as of the test's clock."""
    return lambda: worker.tick(db, settings, now=clock.at)


@pytest.fixture
def tell(db, clock):
    """Write an update about an alert, as Ola would."""

    def write(alert, **words):
        said = UpdateIn(**SAID | {"next_update_at": clock.at + timedelta(hours=4)} | words)
        with db.begin() as session:
            fresh = alerts.alert(session, alert.id)
            return actions.write_update(session, fresh, said, by="ola@example.com", now=clock.at)

    return write
