"""S12: a model that is no good is not let to speak, and one that breaks neither raises alerts nor hides them."""

import time
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from models import Alert, AuditEntry, Comparison, ModelStatus, Notice, Score, Verdict
from service.__main__ import build
from service.alerts import actions as alerts
from service.scoring import actions, artifact, queries, sealed
from service.watching import actions as watching
from tests import make
from tests.scoring import handmade

OLD, NEW = "20260101-000000", "20260201-000000"
BASELINES = {"recency": {"average_precision": 0.55}, "base_rate": {"average_precision": 0.1}}


@pytest.fixture
def candidate(db, settings):
    """A model that speaks, and a candidate with another card or other numbers."""

    def register(*, model=None, **card):
        with db.begin() as session:
            for version, changes in ((OLD, {}), (NEW, card)):
                facts = changes if model is None else handmade.card_of(model)
                sha256, whole = handmade.save(
                    settings.artifacts_dir, version, settings.signing_key, model=model, **facts
                )
                actions.register(session, version, sha256, whole, 0.5, by="test", now=make.MONDAY)
            actions.promote(session, OLD, by="test", now=make.MONDAY)

    return register


@pytest.fixture
def promote(db, settings):
    def attempt(**options):
        with db.begin() as session:
            return actions.promote_tested(session, settings, NEW, by="ada@example.com", now=make.MONDAY, **options)

    return attempt


def _measured(average_precision, **tested):
    model = {"average_precision": average_precision, "calibration_error": 0.02}
    whole = {"rows": 800, "accounts": 200, "said": 0.1, "came": 0.1} | tested
    return {"measures": {"model": model, "baselines": BASELINES}, "tested": whole}


BAD = {
    "worse": (_measured(0.5), "the baseline recency ranks better (average precision 0.550 against 0.500)"),
    "shifted": (_measured(0.6, said=0.25), "it said 25.0% on average where 10.0% complained"),
    "constant": ({"golden": {"risk": [0.1, 0.1]}}, "it gives every account the same risk of 10.0%"),
}


@pytest.mark.parametrize(("card", "why"), BAD.values(), ids=BAD.keys())
def test_a_model_that_is_no_good_is_refused_with_a_sentence(db, candidate, promote, card, why):
    candidate(**card)

    with pytest.raises(actions.ModelNotFit) as refusal:
        promote()

    assert f"Model {NEW} should not speak: " in refusal.value.detail
    assert why in refusal.value.detail
    with db.read() as session:
        assert queries.active_model(session).version == OLD


def test_a_small_test_may_miss_by_chance(candidate, promote):
    candidate(**_measured(0.54, accounts=20, said=0.2, came=0.1))

    assert promote().status is ModelStatus.ACTIVE


def test_one_that_did_worse_in_the_shadow_is_refused(db, candidate, promote):
    candidate()
    with db.begin() as session:
        facts = {"verdict": Verdict.WORSE, "compared_at": make.MONDAY, "evidence": {}}
        session.add(Comparison(candidate=NEW, champion=OLD, **facts))

    with pytest.raises(actions.ModelNotFit, match="in the shadow it did worse than the model that speaks"):
        promote()


def test_somebody_who_knows_better_may_let_it_speak_anyway_and_that_is_written_down(db, candidate, promote):
    candidate(**_measured(0.5))

    assert promote(anyway=True).status is ModelStatus.ACTIVE

    with db.read() as session:
        entry = session.scalar(select(AuditEntry).where(AuditEntry.action == "model.promote_anyway"))
    assert (entry.actor, entry.subject) == ("ada@example.com", NEW)
    assert "the baseline recency ranks better" in entry.detail["objections"][0]


def test_a_model_whose_risks_are_no_numbers_is_not_written(settings, tmp_path):
    with pytest.raises(ValueError, match="Out of range float"):
        handmade.save(tmp_path, NEW, settings.signing_key, golden={"values": [[1.0]], "risk": [np.nan]})


def test_a_slow_model_is_refused(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(artifact, "MOST_QUESTIONS", 2)
    sha256, _ = handmade.save(tmp_path, NEW, settings.signing_key)

    with pytest.raises(sealed.ArtifactRefused, match="asks 3 questions of each account, more than the 2"):
        artifact.load(tmp_path, NEW, sha256, settings.signing_key, {})


def test_the_command_says_why_and_how_to_do_it_anyway(settings, candidate, monkeypatch):
    candidate(**_measured(0.5))
    monkeypatch.setenv("HEADSUP_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("HEADSUP_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HEADSUP_SIGNING_KEY", settings.signing_key.get_secret_value())

    refused, done = (CliRunner().invoke(build(line), line) for line in (["promote", NEW], ["promote", NEW, "--anyway"]))

    assert (refused.exit_code, done.exit_code) == (1, 0)
    assert f"headsup promote {NEW} --anyway" in refused.stderr.replace("\n", " ")
    assert f"Model {NEW} is active." in done.stdout


def _broken_where_much_is_late():
    model = handmade.scorer()
    broken = handmade.asks(0, 0.995, -1.0, np.nan)
    return replace(model, blend=replace(model.blend, trees=broken))


@pytest.fixture
def accounts(db, settings, candidate):
    """Two accounts with an alert each, scored by a model that has no number for the first of them."""
    candidate(model=_broken_where_much_is_late())
    with db.begin() as session:
        late = make.metric(session)
        make.metric(session, "open", label="Open orders", unit="orders")
        found = [make.account(session) for _ in range(2)]
        for account, share in zip(found, (1.0, 0.4), strict=True):
            make.daily(session, account, late, [share] * 60)
            make.score(session, account, 0.9, model=OLD)
            make.alert(session, account, 0.9)
    return found


def test_a_risk_that_is_no_number_hides_no_alert_and_people_are_told(db, settings, accounts):
    actions.score_due(db, settings, now=make.MONDAY)
    with db.begin() as session:
        alerts.review(session, settings, now=make.MONDAY)

    with db.read() as session:
        risks = {score.account_id: score.risk for score in session.scalars(select(Score))}
        (notice,) = session.scalars(select(Notice))
        assert [alert.resolved_at for alert in session.scalars(select(Alert))] == [None, None]
    assert risks[accounts[0].id] == 0.9
    assert risks[accounts[1].id] != 0.9
    assert notice.title == "Some accounts get no score"
    assert notice.lines[0].startswith("The model gave 1 account a risk that is no number.")


def test_such_a_risk_raises_no_alert(db, settings, accounts):
    with db.begin() as session:
        session.query(Alert).delete()
        session.query(Score).delete()

    actions.score_due(db, settings, now=make.MONDAY)
    with db.begin() as session:
        opened = alerts.review(session, settings, now=make.MONDAY).opened

    assert accounts[0].id not in {alert.account_id for alert in opened}
    with db.read() as session:
        assert session.get(Score, accounts[0].id) is None


def test_rolling_back_is_one_command_and_takes_no_half_minute(db, settings, candidate, promote):
    candidate()
    promote()
    began = time.monotonic()

    with db.begin() as session:
        former, left = watching.roll_back(session, settings, by="ada@example.com", now=make.MONDAY)

    assert (former.version, left.version) == (OLD, NEW)
    assert time.monotonic() - began < 30
