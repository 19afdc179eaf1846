"""A model of a planted company: what it learns, what it may never do, and that it can be had again."""

import shutil
from dataclasses import replace

import narwhals as nw
import numpy as np
import pytest

from models import Account, ModelStatus, Score
from service.scoring import actions, active, artifact, features, history, sealed, unusual
from service.scoring.past import DAY
from tests import make
from tests.training import learned


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A planted company in a database of its own, and the model trained on it."""
    db, settings = learned.database(tmp_path_factory.mktemp("planted"))
    with db.read() as session:
        material = learned.collected(session)
    made = learned.trained(material, settings)
    with db.begin() as session:
        actions.register(session, made.version, made.sha256, made.card, made.line, by="test", now=make.MONDAY)
        actions.promote(session, made.version, by="test", now=make.MONDAY)
    yield db, settings, material, made
    db.close()


@pytest.fixture
def scorer(trained):
    db, settings, _, _ = trained
    with db.read() as session:
        return active.speaking(session, settings)


def _values(material, blend):
    place = {column.name: index for index, column in enumerate(material.data.columns)}
    return material.data.values[:, [place[name] for name in blend.columns]].copy()


def test_the_model_finds_the_planted_cause(trained):
    made = trained[3]

    assert made.tested.model["roc_auc"] > 0.75
    assert made.tested.model["average_precision"] > 1.5 * made.tested.baselines["volume"]["average_precision"]


def test_weights_add_up_to_the_score_to_the_last_digits(trained, scorer):
    material, blend = trained[2], scorer.scorer.blend
    judgement = scorer.scorer.judge(features.Features(material.data.columns, material.data.values))

    linear = blend.linear.contributions(_values(material, blend), [range(len(blend.columns))])[:, 0]
    raw = blend.share * (linear + blend.linear.intercept)
    if blend.trees is not None:
        grown = blend.trees.contributions(_values(material, blend), len(blend.groups)).sum(axis=1)
        raw += (1 - blend.share) * (grown + blend.trees.base)

    log_odds = np.log(judgement.risk / (1 - judgement.risk))
    np.testing.assert_allclose(blend.slope * raw + blend.shift, log_odds, rtol=0, atol=1e-9)
    average = blend.weigh(_values(material, blend)[:1])[1]
    np.testing.assert_allclose(judgement.weights.sum(axis=1) + average, log_odds, rtol=0, atol=1e-9)


@pytest.mark.parametrize("stat", ["last", "level_7", "level_28", "change_7", "worst_7", "off_28"])
def test_a_worse_metric_never_lowers_the_risk(trained, scorer, stat):
    blend = scorer.scorer.blend
    values = _values(trained[2], blend)
    before = blend.risk(values)

    values[:, blend.columns.index(f"late_share:{stat}")] += 0.3

    assert (blend.risk(values) >= before - 1e-12).all()


def test_one_more_late_day_never_lowers_the_risk(trained, scorer):
    db = trained[0]
    with db.read() as session:
        accounts = [row.id for row in session.query(Account).all()]
        known = history.read(session, accounts, until=make.MONDAY)
    late = next(item.id for item in scorer.definitions if item.key == "late_share")
    today = (nw.col("metric") == late) & (nw.col("at") == nw.col("at").max())
    worse = known.observations.with_columns(value=nw.when(today).then(nw.lit(1.0)).otherwise(nw.col("value")))

    risks = [
        scorer.scorer.judge(
            features.build(past, history.snapshots_at(accounts, make.MONDAY), scorer.definitions, scorer.prior)
        ).risk
        for past in (known, replace(known, observations=worse))
    ]

    assert (risks[1] >= risks[0] - 1e-12).all()
    assert (risks[1] > risks[0]).any()


def test_the_same_seed_gives_the_same_model(trained):
    _, settings, material, made = trained
    folder = settings.data_dir / "again"

    again = learned.trained(material, settings.model_copy(update={"data_dir": folder}))

    assert again.card == made.card
    key = settings.signing_key
    first = artifact.load(settings.artifacts_dir, made.version, made.sha256, key, {}).blend
    second = artifact.load(folder / "artifacts", again.version, again.sha256, key, {}).blend
    everything = _values(material, second)
    np.testing.assert_array_equal(first.risk(everything), second.risk(everything))


def test_the_planted_metric_is_the_first_reason_of_accounts_at_risk(trained):
    db, settings, _, made = trained
    actions.score_due(db, settings, now=make.MONDAY)

    with db.read() as session:
        scores = session.query(Score).filter(Score.risk >= made.line).all()

    first = [score.reasons[0] for score in scores if score.reasons]
    assert len(first) >= 3
    assert np.mean([reason["metric"] == "late_share" for reason in first]) >= 0.95
    assert all("Share delivered late" in reason["sentence"] for reason in first if reason["metric"] == "late_share")
    assert {score.model for score in scores} == {made.version}


def test_the_rise_is_the_chance_of_more_complaints_than_the_account_s_own_rate_explains(trained):
    db, settings, material, _ = trained
    actions.score_due(db, settings, now=make.MONDAY)

    with db.read() as session:
        scores = session.query(Score).all()
        known = history.read(session, [score.account_id for score in scores], until=make.MONDAY).complaints
    recent = known.filter(nw.col("at") > history.micros(make.MONDAY) - 180 * DAY)["account"].to_list()
    so_far = np.array([recent.count(score.account_id) for score in scores])
    prior = material.data.prior
    least = unusual.needed(14 * (prior.complaints + so_far) / (prior.days + 180))
    assert set(least) == {2, 3, 4}
    risk = np.array([score.risk for score in scores])
    assert [score.rise for score in scores] == pytest.approx(unusual.chance(risk, least))


def test_the_card_says_what_the_model_is(trained):
    card = trained[3].card

    assert card["predicts"] == "probability of at least one complaint within 14 days"
    assert card["window"]["train_from"] < card["window"]["test_from"] < card["window"]["fitted_through"]
    assert len(card["data_sha256"]) == 64
    assert list(card["questions"]) == ["any", "rise", "excess", "quiet"]
    assert card["questions"]["any"]["model"]["roc_auc"] == card["measures"]["model"]["roc_auc"]
    assert card["alert_line"]["line"] == trained[3].line
    assert any(note.startswith("Calibrated") for note in card["notes"])


def test_a_refused_model_leaves_the_word_to_the_starter_score(trained, tmp_path):
    db, settings, _, made = trained
    moved = settings.model_copy(update={"data_dir": tmp_path})
    shutil.copytree(settings.artifacts_dir, moved.artifacts_dir)
    (moved.artifacts_dir / made.version / sealed.SIGNATURE).unlink()

    with db.read() as session:
        speaking = active.speaking(session, moved)

    assert speaking.scorer.version == "starter"


def test_promoting_again_retires_the_one_before(trained):
    db, _, _, made = trained
    with db.begin() as session:
        actions.register(session, "later", made.sha256, made.card, 0.5, by="test", now=make.MONDAY)
        actions.promote(session, "later", by="test", now=make.MONDAY)
        found = {model.version: model.status for model in actions.queries.trained_models(session)}
        session.rollback()

    assert found == {"later": ModelStatus.ACTIVE, made.version: ModelStatus.RETIRED}
