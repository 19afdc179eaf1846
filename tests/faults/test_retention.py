"""What is older than it is to be kept goes, in small batches, and the database stops growing."""

import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from models import AuditEntry, Mail, MailState, Observation, ScoreDay
from service.keeping import actions, queries
from tests import make
from tests.faults.conftest import size

KEPT = {"keep_observations_days": 90, "keep_scores_days": 60, "keep_mails_days": 30}
DAYS, ACCOUNTS, A_DAY = 400, size(4, 40), size(20, 100)
# A worker looks each day; with every push each fifth day is enough.
EVERY = size(5, 1)
# A mail stays as a line of who was told what, and the audit log grows by what was removed.
A_DAY_FOR_GOOD = 4_096


@pytest.fixture
def short(settings):
    return settings.model_copy(update=KEPT)


@pytest.fixture
def no_pause(monkeypatch):
    monkeypatch.setattr(actions, "PAUSE_SECONDS", 0)


def count(session, table):
    return session.scalar(select(func.count()).select_from(table))


def live_a_day(session, accounts, metric, day):
    for account in accounts:
        rows = [
            {"account_id": account, "metric_id": metric, "observed_at": day, "item_id": f"{n}", "value": 0.1}
            for n in range(A_DAY)
        ]
        session.execute(Observation.__table__.insert(), rows)
        session.add(ScoreDay(account_id=account, day=day.date(), risk=0.5, model="starter"))
    make.mail(session, created_at=day, state=MailState.SENT, sent_at=day)


def bytes_of(db):
    """How large the database is, in bytes."""
    with db.engine.connect() as connection:
        if db.is_sqlite:
            return connection.scalar(text("PRAGMA page_count")) * connection.scalar(text("PRAGMA page_size"))
        return connection.scalar(text("SELECT pg_total_relation_size('observations')"))


@pytest.mark.usefixtures("no_pause")
def test_after_four_hundred_days_there_is_as_much_as_is_kept_and_no_more(db, short):
    with db.begin() as session:
        metric = make.metric(session).id
        accounts = [make.account(session).id for _ in range(ACCOUNTS)]
    sizes = []
    for day in range(DAYS):
        now = make.MONDAY + timedelta(days=day)
        with db.begin() as session:
            live_a_day(session, accounts, metric, now)
        if day % EVERY == 0 or day == DAYS - 1:
            actions.keep(db, short, now=now)
        if not db.is_sqlite and day % 20 == 0:
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM observations"))
        sizes.append(bytes_of(db))

    with db.read() as session:
        assert count(session, Observation) == ACCOUNTS * A_DAY * (KEPT["keep_observations_days"] + 1)
        assert count(session, ScoreDay) == ACCOUNTS * (KEPT["keep_scores_days"] + 1)
        assert count(session, Mail) == DAYS
        full = session.scalar(select(func.count()).where(func.length(Mail.content) > 0))
    assert full == KEPT["keep_mails_days"] + 1
    assert sizes[-1] - sizes[150] <= (DAYS - 150) * A_DAY_FOR_GOOD


@pytest.mark.usefixtures("no_pause")
def test_it_is_done_once_a_day_and_written_down(db, short):
    with db.begin() as session:
        account, metric = make.account(session), make.metric(session)
        make.daily(session, account, metric, [0.1] * 200)

    first = actions.keep(db, short, now=make.MONDAY)
    again = actions.keep(db, short, now=make.MONDAY + timedelta(hours=5))

    with db.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "data.expire")).one()
        kept = queries.keepings(session)["observations"]
    assert (first, again) == (109, 0)
    assert (entry.subject, entry.detail["rows"], kept.removed, kept.done) == ("observations", 109, 109, True)


def test_what_is_kept_for_ever_stays(db, settings):
    for_ever = settings.model_copy(update=dict.fromkeys(KEPT, 0))
    with db.begin() as session:
        make.observation(
            session, make.account(session), make.metric(session), 1, at=make.MONDAY - timedelta(days=9_000)
        )

    assert actions.keep(db, for_ever, now=make.MONDAY) == 0


def test_a_mail_that_waits_or_is_parked_keeps_its_text(db, short):
    old = make.MONDAY - timedelta(days=300)
    with db.begin() as session:
        for state in (MailState.QUEUED, MailState.PARKED, MailState.SENT):
            make.mail(session, state=state, created_at=old, sent_at=old if state is MailState.SENT else None)

    actions.keep(db, short, now=make.MONDAY)

    with db.read() as session:
        emptied = session.scalars(select(Mail.state).where(func.length(Mail.content) == 0)).all()
    assert emptied == [MailState.SENT]


def test_who_writes_meanwhile_is_not_kept_waiting(db, short):
    with db.begin() as session:
        account, metric = make.account(session), make.metric(session)
        for n in range(size(20, 100)):
            make.daily(session, account, metric, [0.1] * 300, until=make.MONDAY - timedelta(days=100, minutes=n))
    clearing = threading.Thread(target=actions.keep, args=(db, short), kwargs={"now": make.MONDAY})
    waits = []
    clearing.start()
    while clearing.is_alive():
        began = time.monotonic()
        with db.begin() as session:
            make.rep(session)
        waits.append(time.monotonic() - began)
        time.sleep(0.01)

    assert len(waits) > 3
    assert max(waits) < 2
