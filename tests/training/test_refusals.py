"""Where nothing can honestly be learned, training says so and what to do."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from models import Complaint, Metric, Observation
from tests import make
from tests.scoring import planted
from tests.training import learned
from training import backtest, checks, dataset
from training.refusals import TrainingRefused


def test_without_observations_it_says_what_to_import(session):
    with pytest.raises(TrainingRefused, match="headsup import observations"):
        learned.collected(session)


def test_without_complaints_it_says_what_to_import(session):
    planted.company(session, accounts=2, complaints=False)

    with pytest.raises(TrainingRefused, match="headsup import complaints"):
        learned.collected(session)


def test_without_a_direction_nothing_can_be_learned(session):
    planted.company(session, accounts=6)
    session.query(Metric).update({"better": None})

    with pytest.raises(TrainingRefused, match="which way is better"):
        learned.collected(session)


def test_too_few_complaints_are_counted(session):
    planted.company(session, accounts=3)
    material = learned.collected(session)

    with pytest.raises(TrainingRefused, match=r"Too few complaints: .* at least 30 and 10 are needed"):
        backtest.run(material, seed=0, progress=learned.unwatched)


def test_where_everybody_complains_nothing_tells_them_apart(session):
    planted.company(session, accounts=4)
    data = learned.collected(session).data
    earlier = data.as_of < np.median(data.as_of)
    everybody = replace(data, label=np.ones(len(data.label), dtype=bool))

    with pytest.raises(TrainingRefused, match="shorten HEADSUP_HORIZON_DAYS"):
        checks.enough(everybody, earlier, ~earlier)


def test_weeks_after_the_complaints_stop_are_left_out_and_that_is_said(session):
    planted.company(session, accounts=10)
    stopped = make.MONDAY - timedelta(weeks=12)
    session.query(Complaint).filter(Complaint.occurred_at > stopped).delete()

    found = dataset.data_range(session, 14, now=make.MONDAY)

    assert found.labels_through <= stopped
    assert "complaints stop on" in found.note


def test_weeks_before_the_complaints_begin_are_left_out_and_that_is_said(session):
    planted.company(session, accounts=10)
    begun = make.MONDAY - timedelta(weeks=26)
    session.query(Complaint).filter(Complaint.occurred_at < begun).delete()

    found = dataset.data_range(session, 14, now=make.MONDAY)

    assert found.first >= begun
    assert "complaints begin on" in found.note


def test_labels_that_stop_too_early_are_refused_by_their_dates(session):
    planted.company(session, accounts=10)
    session.query(Complaint).filter(Complaint.occurred_at > planted.START + timedelta(weeks=15)).delete()

    with pytest.raises(TrainingRefused, match=r"complaints stop on .*headsup import complaints"):
        learned.collected(session)


def test_time_travel_is_refused_and_counted(session):
    planted.company(session, accounts=2)
    earlier = make.MONDAY - timedelta(weeks=30)

    with pytest.raises(TrainingRefused, match=r"[\d,]+ of [\d,]+ observations and complaints are dated after tomorrow"):
        dataset.data_range(session, 14, now=earlier)


def test_one_row_from_the_future_is_left_out_and_that_is_said(session):
    planted.company(session, accounts=6)
    at = make.MONDAY + timedelta(days=400)
    session.add(Observation(account_id=1, metric_id=1, observed_at=at, value=1.0, item_id=""))
    session.flush()

    found = dataset.data_range(session, 14, now=make.MONDAY)

    assert found.labels_through <= make.MONDAY
    assert "rows dated after tomorrow left out: 1" in found.note


def test_a_metric_that_knows_the_answer_is_named():
    draw = np.random.default_rng(0)
    label = draw.random(500) < 0.2
    values = np.column_stack([draw.random(500), label + 0.001 * draw.random(500)]).astype(np.float32)
    columns = (checks.Column("late_share", "last"), checks.Column("refund", "last"))

    with pytest.raises(TrainingRefused, match="Metric 'refund' knows the answer"):
        checks.no_leak(columns, values, label)


def test_a_column_that_says_nothing_is_dropped(session):
    planted.company(session, accounts=6)
    silent = make.metric(session, "silent")
    session.add(Observation(account_id=1, metric_id=silent.id, observed_at=planted.START, value=1.0, item_id=""))
    session.flush()
    data = learned.collected(session).data

    kept, dropped = checks.telling(data, np.ones(len(data.label), dtype=bool))

    assert "silent:level_7" in dropped
    assert not {column.name for column in kept} & set(dropped)
