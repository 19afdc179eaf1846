"""A model that is old is trained anew: by a process of its own, one at a time, and never in a loop."""

import signal
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from models import AuditEntry, ModelStatus, Retraining, RetrainingOutcome, TrainedModel
from service.commands import retrain as command
from service.watching import report, retraining, rules
from tests import make
from tests.scoring import planted

DAY = timedelta(days=1)


@pytest.fixture
def environment(cli, settings, monkeypatch):
    """What the process that is started reads its settings from; none is left running."""
    monkeypatch.setenv("HEADSUP_LOG_LEVEL", "error")
    monkeypatch.setattr(command, "NICE", 0)
    yield
    for process, _ in retraining.STARTED:
        process.kill()
        process.wait()
    retraining.STARTED.clear()


@pytest.fixture
def data(db):
    """A company with observations and complaints of forty weeks."""
    with db.begin() as session:
        planted.company(session, accounts=20)


@pytest.fixture
def last(db):
    def read():
        with db.read() as session:
            return session.scalar(select(Retraining).order_by(Retraining.id.desc()))

    return read


def start(db, settings, now=make.MONDAY):
    assert retraining.retrain(db, settings, now=now) == 1
    return retraining.STARTED[0][0]


def test_the_worker_starts_a_process_that_trains_a_candidate(db, settings, environment, data, last):
    process = start(db, settings)
    again = retraining.retrain(db, settings, now=make.MONDAY)

    assert process.wait(timeout=300) == 0
    with db.read() as session:
        model = session.scalar(select(TrainedModel))
    assert again == 0
    assert model.status is ModelStatus.CANDIDATE
    assert (last().outcome, last().version, last().under_way) == (RetrainingOutcome.DONE, model.version, None)
    assert retraining.retrain(db, settings, now=make.MONDAY + DAY) == 0


def test_a_process_that_was_killed_is_taken_up_again_and_in_the_end_counts_as_failed(
    db, settings, environment, data, last
):
    for tried in range(rules.MOST_TRIES):
        process = start(db, settings)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)
        assert (last().tries, last().under_way) == (tried + 1, True)

    assert retraining.retrain(db, settings, now=make.MONDAY) == 0
    assert (last().outcome, last().under_way) == (RetrainingOutcome.FAILED, None)
    assert last().detail.startswith("The training ended 3 times before it was done")
    assert retraining.retrain(db, settings, now=make.MONDAY + 0.9 * DAY) == 0
    assert start(db, settings, make.MONDAY + DAY).poll() is None


def test_what_is_refused_is_said_once_and_tried_again_in_a_week(db, settings, environment, last):
    with db.begin() as session:
        account, metric = make.account(session), make.metric(session)
        make.observation(session, account, metric, 0.1, at=make.MONDAY - 40 * DAY)
        make.complaint(session, account, at=make.MONDAY - DAY)

    for now in (make.MONDAY, make.MONDAY + 8 * DAY):
        assert start(db, settings, now).wait(timeout=120) == 0
        retraining.retrain(db, settings, now=now)
        with db.begin() as session:
            session.query(Retraining).update({"ended_at": now})

    with db.read() as session:
        said = list(session.scalars(select(AuditEntry).where(AuditEntry.action == "model.retrain")))
        count = session.query(Retraining).count()
    assert (last().outcome, count, len(said)) == (RetrainingOutcome.REFUSED, 1, 1)
    assert "known outcomes" in last().detail
    assert not rules.retraining_due(last(), None, make.MONDAY - 40 * DAY, 28, now=make.MONDAY + 14 * DAY)


def test_of_two_workers_one_gets_the_training(db, settings, data):
    with db.begin() as session:
        first = retraining.claim(session, settings, now=make.MONDAY)
    with db.begin() as session:
        second = retraining.claim(session, settings, now=make.MONDAY)

    assert first is not None
    assert second is None


def test_a_training_whose_lease_has_ended_is_taken_up_and_the_old_trainer_ends(db, settings, data, environment, cli):
    with db.begin() as session:
        old = retraining.claim(session, settings, now=make.MONDAY)
    with db.begin() as session:
        new = retraining.claim(session, settings, now=make.MONDAY + rules.LEASE)

    with db.begin() as session:
        assert not retraining.keep(session, old, now=make.MONDAY + rules.LEASE)
        assert retraining.keep(session, new, now=make.MONDAY + rules.LEASE)
    assert cli("retrain", "--claim", str(old)).exit_code == 1


def test_a_claim_that_nobody_made_trains_nothing(db, settings, data, environment, cli):
    assert cli("retrain", "--claim", str(uuid4())).exit_code == 1

    with db.read() as session:
        assert session.query(TrainedModel).count() == 0


def test_a_failure_is_written_down_and_names_its_kind_only(db, settings, data, environment, cli, last):  # noqa: PLR0917
    with db.begin() as session:
        token = retraining.claim(session, settings, now=make.MONDAY)
    settings.artifacts_dir.write_text("in the way")

    cli("retrain", "--claim", str(token))

    assert (last().outcome, last().version) == (RetrainingOutcome.FAILED, None)
    assert last().detail.endswith("see the worker's log.")


@pytest.mark.parametrize(
    ("newest", "first", "every", "due"),
    [
        (None, None, 28, False),
        (None, 40 * DAY, 28, True),
        (None, 20 * DAY, 28, False),
        (29 * DAY, 400 * DAY, 28, True),
        (27 * DAY, 400 * DAY, 28, False),
        (400 * DAY, 400 * DAY, 0, False),
    ],
)
def test_a_training_is_due_by_the_age_of_the_newest_model(newest, first, every, due):
    moments = (None if age is None else make.MONDAY - age for age in (newest, first))

    assert rules.retraining_due(None, *moments, every, now=make.MONDAY) is due


def test_the_report_says_when_the_next_training_comes(db, settings, environment, data):
    with db.read() as session:
        assert "first training comes" in report.read(session, settings, now=make.MONDAY).retraining_says
        off = settings.model_copy(update={"retrain_every_days": 0})
        assert "by hand only" in report.read(session, off, now=make.MONDAY).retraining_says
    with db.begin() as session:
        retraining.claim(session, settings, now=make.MONDAY)
    with db.read() as session:
        assert "under way" in report.read(session, settings, now=make.MONDAY).retraining_says
