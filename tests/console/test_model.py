"""How good is the model: the page tells it in plain words, and administrators decide who speaks."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from models import Comparison, ModelDay, ModelStatus, Notice, Role, TrainedModel, Verdict, WatchDay
from models.trained_model import LineKind
from service.scoring import actions
from service.scoring.lines import Choice
from tests import make

TODAY = make.MONDAY.date()
OLD, NEW = "20260101-000000", "20260214-060000"
CURVE = {
    "line": [0.8, 0.5, 0.2], "quiet_line": [0.4, 0.25, 0.1], "alerts_per_day": [1.0, 4.0, 12.0],
    "right": [0.9, 0.7, 0.4], "caught": [0.1, 0.4, 0.8], "told_first": [0.1, 0.35, 0.7],
    "head_start_hours": [20.0, 31.0, 40.0], "head_start_days": [3.0, 5.0, 6.0], "floor": 0.2, "ceiling": 0.8,
}  # fmt: skip
CARD = {
    "measures": {"model": {"average_precision": 0.6, "precision_at_5pct": 0.7, "calibration_error": 0.02}},
    "alert_line": {"line": 0.5, "chosen": {"kind": "budget", "value": 5.0}, "curve": CURVE},
}
GROUPS = [
    {
        "group": "late_share", "psi": 1.4, "push": 0.9, "spread": 1.0, "missing": 0.02, "missing_was": 0.0,
        "column": "late_share:level_28", "levels": [0.12, 0.4], "levels_were": [0.05, 0.2],
    },
    {
        "group": "open", "psi": 0.6, "push": 0.01, "spread": 0.1, "missing": 0.0, "missing_was": 0.0,
        "column": "open:last", "levels": [9.0, 14.0], "levels_were": [5.0, 8.0],
    },
]  # fmt: skip


@pytest.fixture
def model(db):
    """A model that has spoken for nine weeks, a notice about it, and a candidate that does better."""
    with db.begin() as session:
        for version, age in ((OLD, 60), (NEW, 16)):
            at = make.MONDAY - timedelta(days=age)
            actions.register(session, version, "0", CARD, 0.5, by="test", now=at)
        actions.promote(session, OLD, by="test", now=make.MONDAY - timedelta(days=60))
        make.metric(session)
        make.metric(session, "open", label="Open orders", unit="orders")
        session.add_all(_lived(age) for age in range(1, 64))
        session.add_all(_seen(age) for age in range(20))
        lines = ["About 48 % are expected to complain.", "Share delivered late: 12 % at a typical account, 5 % before."]
        session.add(
            Notice(id=uuid4(), model=OLD, opened_at=make.MONDAY, title="Alerts go wrong", lines=lines, loss=0.2)
        )
        session.add(
            Comparison(candidate=NEW, champion=OLD, verdict=Verdict.BETTER, compared_at=make.MONDAY, evidence=EVIDENCE)
        )


EVIDENCE = {
    "basis": "outcomes", "why": "it ranks better", "days": 16, "accounts": 400, "complained": 260, "looks": 90,
    "average_precision": [0.64, 0.6], "average_precision_gain": [0.04, 0.02, 0.06], "right": [0.66, 0.61],
}  # fmt: skip


def _lived(age):
    mature, wave = age > 14, age % 7
    hits = {"complained": 44, "over_hits": 22 + wave, "top_hits": 14, "average_precision": 0.6}
    bins = [[250, 5.0, 4], [60, 6.0, 7], [40, 10.0, 9], [30, 13.0, 12], [20, 13.0, 12]]
    return ModelDay(
        model=OLD, day=TODAY - timedelta(days=age), shadow=False, line=0.5, scored=400, risk_sum=47.0, over=40,
        over_risk=26.0, top=20, mature=mature, bins=bins if mature else [],
        **(hits if mature else {"complained": 0, "over_hits": 0, "top_hits": 0, "average_precision": None}),
    )  # fmt: skip


def _seen(age):
    return WatchDay(
        day=TODAY - timedelta(days=age), model=OLD, watched_at=make.MONDAY - timedelta(days=age), accounts=400,
        scored=398, lacking=12, over_line=41, alerts=7, line=0.5, sampled=400, flagged=41,
        psi={"late_share:level_28": 1.4}, groups=GROUPS, expected=0.48, promised=0.62,
    )  # fmt: skip


def test_the_page_says_what_was_lived_what_moved_and_what_is_proposed(ola, model):
    page = ola.get("/model").text.replace("\u00a0", " ")

    assert "62 % were promised" in page
    assert "Alerts go wrong" in page
    assert "Share delivered late: 12 % at a typical account, 5 % before." in page
    assert "raises risks" in page
    assert f"{NEW} should speak: it ranks better." in page
    assert "398 of 400 that send data" in page


def test_the_page_says_how_the_line_was_chosen_and_what_it_brings(ola, db, model):
    before = ola.get("/model").text.replace("\u00a0", " ")
    with db.begin() as session:
        actions.set_line(session, Choice(LineKind.PRICE, 4.0), by="lena@example.com", now=make.MONDAY)

    after = ola.get("/model").text.replace("\u00a0", " ")

    assert "a budget of 5 alerts a day, the setting when the model was trained" in before
    assert "about 4.0 alerts a day, 70 % of them right; 40 % of the weeks with a complaint were caught" in before
    assert "in 28 days from 25 % on" in before
    assert "costs as much as 4 wasted looks, set" in after
    assert "by lena@example.com" in after


def test_what_the_model_asks_of_people_is_in_the_to_do_list_and_counted(ola, model):
    page = ola.get("/todo").text.replace("\u00a0", " ")

    assert "Alerts go wrong" in page
    assert "A better model is ready" in page
    assert f"{NEW} should speak: it ranks better." in page
    assert '<span class="count">2</span></h2>' in page


def test_a_candidate_that_makes_no_difference_is_nothing_to_do(ola, db, model):
    with db.begin() as session:
        session.query(Comparison).update({"verdict": Verdict.SAME})
        session.query(Notice).update({"closed_at": make.MONDAY})

    assert "The model</h2>" not in ola.get("/todo").text
    assert "A better model is ready" not in ola.get("/todo").text


def test_without_a_model_the_page_says_who_speaks(ola):
    page = ola.get("/model").text

    assert "The starter score." in page
    assert "No candidate." in page


def test_an_agent_may_look_and_not_decide(ola, db, model):
    assert "Promote" not in ola.get("/model").text
    assert ola.post("/model/promote", data={"version": NEW}).status_code == 403
    assert ola.post("/model/rollback").status_code == 403


def test_an_administrator_is_told_when_a_model_cannot_be_promoted(browser_of, db, model):
    ada = browser_of("ada@example.com", Role.ADMIN)

    answer = ada.post("/model/promote", data={"version": NEW})

    assert f"Promote {NEW}" in ada.get("/model").text
    assert answer.status_code == 409
    assert "cannot be read" in answer.text
    with db.read() as session:
        assert session.scalar(select(TrainedModel).where(TrainedModel.version == NEW)).status is ModelStatus.CANDIDATE


def test_the_page_is_sound_in_a_browser(model, signed_in_page):
    page = signed_in_page("/model", viewport={"width": 390, "height": 844})

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("svg.plot circle.dot").count() > 5
    assert page.faults == []
