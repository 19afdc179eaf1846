"""`headsup backtest --rolling`: a training every four weeks, as in life."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from service.scoring.history import micros
from tests.conftest import SAME_SUMS
from tests.scoring import planted
from training import rolling
from training.window import Window

pytestmark = SAME_SUMS

MAY, JULY = datetime(2026, 5, 4, tzinfo=UTC), datetime(2026, 7, 6, tzinfo=UTC)
HORIZON = timedelta(days=14)


@pytest.fixture
def whole():
    """Ten test weeks, from 6 July on."""
    return Window(MAY - timedelta(weeks=20), MAY, JULY, JULY + timedelta(weeks=9), HORIZON)


def test_every_test_week_is_judged_once_and_the_last_training_may_be_short(whole):
    spans = [(window.test_from, window.test_to) for window in rolling.origins(whole)]

    assert spans == [
        (JULY, JULY + timedelta(weeks=3)),
        (JULY + timedelta(weeks=4), JULY + timedelta(weeks=7)),
        (JULY + timedelta(weeks=8), JULY + timedelta(weeks=9)),
    ]


def test_validation_moves_along_and_training_grows(whole):
    windows = list(rolling.origins(whole))

    assert [window.train_from for window in windows] == [whole.train_from] * 3
    assert [window.test_from - window.validate_from for window in windows] == [JULY - MAY] * 3


def test_a_rolling_backtest_has_the_shape_of_a_plain_one_and_its_trainings(db, cli, tmp_path):
    file = tmp_path / "predictions.parquet"
    with db.begin() as session:
        planted.company(session, accounts=30)

    done = cli("backtest", "--rolling", "--json", "--predictions", str(file), "--report", str(tmp_path / "report.html"))

    found, rows = json.loads(done.stdout), pl.read_parquet(file)
    windows = [training["window"] for training in found["rolling"]]
    assert list(found) == ["window", "model", "baselines", "questions", "alerts", "intervals", "rolling"]
    assert set(found["rolling"][0]) == {"window", "chosen", "model", "baselines", "questions"}
    assert (windows[0]["test_from"], windows[-1]["test_to"]) == (
        found["window"]["test_from"],
        found["window"]["test_to"],
    )
    assert rows["risk"].is_between(0, 1).all()
    assert "Training by training" in (tmp_path / "report.html").read_text()
    assert found["model"]["average_precision"] > 2 * found["baselines"]["base_rate"]["average_precision"]


def test_the_first_weeks_are_judged_as_by_a_plain_backtest_that_ends_there(db, cli, tmp_path):
    plain, rolled = tmp_path / "plain.parquet", tmp_path / "rolled.parquet"
    with db.begin() as session:
        planted.company(session, accounts=30)
    first = json.loads(cli("backtest", "--rolling", "--json", "--predictions", str(rolled)).stdout)["rolling"][0]

    cli("backtest", "--test-from", first["window"]["test_from"], "--validate-from", first["window"]["validate_from"],
        "--predictions", str(plain))  # fmt: skip

    keys = ["account_id", "as_of"]
    both = pl.read_parquet(plain).join(pl.read_parquet(rolled), on=keys).sort(keys)
    early = both.filter(pl.col("as_of") <= datetime.fromisoformat(first["window"]["test_to"]).replace(tzinfo=UTC))
    assert len(early) > 0
    assert np.allclose(early["risk"], early["risk_right"])


def test_a_training_never_sees_a_label_of_its_own_test(whole):
    for window in rolling.origins(whole):
        weeks = np.array([micros(whole.train_from + timedelta(weeks=week)) for week in range(60)])
        known = weeks[window.before_test(_Weeks(weeks))]

        assert known.max() + HORIZON / timedelta(microseconds=1) <= micros(window.test_from)


class _Weeks:
    def __init__(self, as_of):
        self.as_of = as_of
