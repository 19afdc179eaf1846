"""A stage that stands still is seen within two intervals, even if it fails without an error and has nothing to do."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from models import Account, Mail, MailState, Metric, Observation
from service.health.rehearsal import StageStands, rehearse
from tests import make
from tests.conftest import ON_POSTGRESQL
from tests.postgres import free_port


@pytest.fixture
def settings(settings, mailbox):
    return settings.model_copy(update={"smtp_url": mailbox.url, "rehearsal_to": "canary@example.com"})


@pytest.fixture
def pipeline(app):
    client = TestClient(app, raise_server_exceptions=False)
    return lambda: client.get("/health/pipeline")


def swallow(db, table):
    """Let a table lose what is inserted, without an error: the worst way to fail."""
    with db.engine.begin() as connection:
        if ON_POSTGRESQL:
            body = "CREATE FUNCTION swallow() RETURNS trigger AS 'BEGIN RETURN NULL; END' LANGUAGE plpgsql"
            connection.execute(text(body))
            call = "FOR EACH ROW EXECUTE FUNCTION swallow()"
        else:
            call = "BEGIN SELECT RAISE(IGNORE); END"
        connection.execute(text(f"CREATE TRIGGER swallow BEFORE INSERT ON {table} {call}"))


def give_back(db, table):
    with db.engine.begin() as connection:
        connection.execute(text(f"DROP TRIGGER swallow{f' ON {table}' if ON_POSTGRESQL else ''}"))
        if ON_POSTGRESQL:
            connection.execute(text("DROP FUNCTION swallow"))


def test_a_rehearsal_goes_the_whole_way_and_leaves_no_trace(db, settings, clock, mailbox, pipeline):
    rehearse(db, settings, now=clock.at)

    (mail,) = mailbox.to("canary@example.com")
    assert "Rehearsal" in mail["Subject"]
    with db.read() as session:
        assert [session.query(kind).count() for kind in (Account, Metric, Observation, Mail)] == [0, 0, 0, 0]
    assert pipeline().status_code == 200


@pytest.mark.parametrize(
    ("table", "stage"),
    [
        ("observations", "store"),
        ("scores", "score"),
        ("alerts", "alert"),
        ("updates", "compose"),
        ("mails", "compose"),
    ],
)
def test_a_table_that_swallows_rows_is_seen_and_its_stage_named(table, stage, db, settings, later, pipeline):  # noqa: PLR0917
    rehearse(db, settings, now=later())
    swallow(db, table)

    with pytest.raises(StageStands):
        rehearse(db, settings, now=later(minutes=5))
    red = pipeline()
    give_back(db, table)
    rehearse(db, settings, now=later(minutes=5))

    assert red.status_code == 503
    assert red.json()["standing_still"][0].startswith(f"{stage}: ")
    assert pipeline().status_code == 200


@pytest.mark.parametrize("canary", ["canary@example.com", ""])
def test_a_relay_that_is_away_is_seen_whether_a_mail_is_wanted_or_not(canary, db, settings, clock, pipeline):
    away = {"smtp_url": f"smtp://127.0.0.1:{free_port()}", "rehearsal_to": canary}

    with pytest.raises(StageStands, match="send: "):
        rehearse(db, settings.model_copy(update=away), now=clock.at)

    assert pipeline().json()["standing_still"][0].startswith("send: ")


def test_a_worker_that_stands_still_is_seen_after_two_intervals(db, settings, later, pipeline):
    rehearse(db, settings, now=later())

    later(minutes=9)
    assert pipeline().status_code == 200
    later(minutes=2)
    assert pipeline().json()["standing_still"] == ["rehearsal: none came through for 10 minutes"]


def test_mail_that_nobody_sends_is_seen(db, settings, later, pipeline):
    with db.begin() as session:
        make.mail(session, state=MailState.QUEUED, next_at=make.MONDAY)

    later(minutes=11)

    assert pipeline().json()["standing_still"] == ["send: 1 wait for more than 10 minutes"]


def test_of_two_workers_only_one_rehearses(db, settings, later, mailbox):
    for _ in range(2):
        rehearse(db, settings, now=later())
    rehearse(db, settings, now=later(minutes=5) - timedelta(seconds=1))

    assert len(mailbox.delivered) == 1


def test_a_rehearsal_beside_real_work_changes_none_of_it(db, settings, clock):
    with db.begin() as session:
        account = make.account(session)
        make.daily(session, account, make.metric(session), [0.1] * 30)
        version = account.data_version

    rehearse(db, settings, now=clock.at)

    with db.read() as session:
        assert session.get(Account, account.id).data_version == version
        assert session.query(Observation).count() == 30
