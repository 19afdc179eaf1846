"""`headsup train | backtest | models | promote | score`, on a planted company."""

import json

import polars as pl
import pytest

from models import AuditEntry, Score
from tests.scoring import planted

MEASURES = {
    "roc_auc",
    "average_precision",
    "precision_at_5pct",
    "recall_at_5pct",
    "precision_at_10pct",
    "recall_at_10pct",
    "brier",
    "log_loss",
    "calibration_error",
    "lead_days_median",
}


@pytest.fixture
def company(db):
    with db.begin() as session:
        planted.company(session)


def test_a_model_is_trained_promoted_and_scores_with_the_hash_on_record(db, company, cli):
    made = json.loads(cli("train", "--json").stdout)
    listed = json.loads(cli("models", "--json").stdout)["models"]
    promoted = cli("promote", made["version"])
    scored = json.loads(cli("score", "--json").stdout)

    with db.read() as session:
        moves = [entry.action for entry in session.query(AuditEntry).order_by(AuditEntry.id)]
        spoken = {score.model for score in session.query(Score)}
    assert [(model["version"], model["status"]) for model in listed] == [(made["version"], "candidate")]
    assert (promoted.exit_code, scored, spoken) == (0, {"scored": planted.ACCOUNTS}, {made["version"]})
    assert moves[-2:] == ["model.register", "model.promote"]


def test_a_backtest_prints_the_model_beside_all_baselines(company, cli, tmp_path):
    file = tmp_path / "predictions.parquet"

    done = cli("backtest", "--json", "--predictions", str(file))

    found, rows = json.loads(done.stdout), pl.read_parquet(file)
    assert list(found) == ["window", "model", "baselines", "questions", "alerts", "intervals"]
    assert list(found["baselines"]) == ["base_rate", "recency", "volume", "scorecard", "logistic"]
    assert all(set(row) == MEASURES for row in (found["model"], *found["baselines"].values()))
    assert found["baselines"]["base_rate"]["roc_auc"] == 0.5
    assert rows.columns == ["account_id", "as_of", "risk", "label"]
    assert rows["account_id"].str.starts_with("client-").all()
    assert rows["risk"].is_between(0, 1).all()


def test_a_tampered_model_is_not_promoted(db, company, cli, settings):
    version = json.loads(cli("train", "--json").stdout)["version"]
    card = settings.artifacts_dir / version / "card.json"
    card.write_text(card.read_text().replace('"lower"', '"higher"'))

    refused = cli("promote", version)

    assert refused.exit_code == 1
    assert "signature" in refused.stderr


def test_what_cannot_be_learned_is_refused_in_one_sentence(db, cli):
    refused = cli("train")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "headsup import observations" in refused.stderr


def test_an_unknown_version_is_refused(db, cli):
    refused = cli("promote", "nonsense")

    assert refused.exit_code == 1
    assert "headsup models" in refused.stderr


def test_a_wrong_date_is_wrong_usage(db, cli):
    assert cli("backtest", "--test-from", "tomorrow").exit_code == 2
