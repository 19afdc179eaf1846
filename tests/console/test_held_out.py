"""An account that was left without an alert looks like any other one, until its horizon is over."""

from datetime import timedelta

import pytest

from models import HoldoutDraw
from tests import make
from tests.make import MONDAY


@pytest.fixture
def held(db):
    """Hold an account out since so many days before Monday noon."""

    def since(days):
        with db.begin() as session:
            account = make.account(session)
            make.score(session, account, 0.75)
            drawn = MONDAY - timedelta(days=days)
            facts = {"week": "2026-W08", "share": 0.1, "risk": 0.75, "line": 0.7, "model": "starter"}
            session.add(
                HoldoutDraw(account_id=account.id, held=True, drawn_at=drawn, until=drawn + timedelta(days=14), **facts)
            )
            return account

    return since


def test_nothing_tells_of_it_while_it_lasts(ola, held):
    account = held(10)

    assert "by lot" not in ola.get(f"/accounts/{account.external_id}").text
    assert account.name not in ola.get("/").text


def test_the_accounts_page_says_it_afterwards(ola, held):
    account = held(15)

    assert "Left without an alert" in ola.get(f"/accounts/{account.external_id}").text
