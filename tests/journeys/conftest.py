"""A company with a mailbox."""

import pytest

from tests.journeys.company import Company
from tests.mailbox import open_mailbox


@pytest.fixture
def mailbox():
    with open_mailbox() as box:
        yield box


@pytest.fixture
def settings(settings, mailbox):
    return settings.model_copy(update={"smtp_url": mailbox.url})


@pytest.fixture
def company(api, app, db, settings, clock, mailbox):  # noqa: PLR0917
    company = Company(api, app, db, settings, clock, mailbox)
    company.begin()
    company.tick()
    return company
