"""The benchmarks run, on companies small enough for a test."""

import sys
from datetime import date

import numpy as np
import pytest

from benchmarks import companies, goals, rivals, stored, unseen
from benchmarks.goals import Line
from training import backtest, card
from training.window import Asked

UNTIL = date(2026, 3, 1)


@pytest.mark.parametrize("plan", companies.PLANS, ids=lambda plan: plan.name)
def test_a_company_has_the_size_that_the_goal_speaks_of(plan):
    company = companies.make(plan, until=UNTIL, seed=1)

    assert len(company.accounts) == 200
    assert 150 <= len(company.complaints) <= 900
    assert 20_000 <= len(company.observations["value"]) <= 100_000
    assert {metric["metric"] for metric in company.metrics} == set(company.observations["metric"].tolist())


def test_the_same_seed_draws_the_same_company():
    first, second = (companies.make(companies.PLANS[0], until=UNTIL, seed=3) for _ in range(2))

    assert first.complaints == second.complaints
    assert (first.observations["value"] == second.observations["value"]).all()


def _drawn(model, *, seed, number=20):
    """Draws of a model and five baselines that know nothing."""
    draw = np.random.default_rng(seed)
    names = ["model", "base_rate", "recency", "volume", "scorecard", "logistic"]
    return [dict(zip(names, draw.normal([model, *[0.07] * 5], 0.02), strict=True)) for _ in range(number)]


def _lucky(draws):
    return sum(draw["model"] for draw in draws) / sum(draw[unseen.best_of(draws)] for draw in draws)


def test_the_luck_of_the_best_baseline_is_not_held_against_the_model():
    companies_of_noise = [_drawn(0.07, seed=seed) for seed in range(100)]

    assert np.mean([_lucky(draws) for draws in companies_of_noise]) < 0.96
    assert np.mean([unseen.ratio(unseen.pairs(draws)) for draws in companies_of_noise]) == pytest.approx(1, abs=0.02)


def test_a_model_that_is_worse_than_its_baselines_is_found_out():
    paired = unseen.pairs(_drawn(0.05, seed=1))

    assert unseen.ratio(paired) + 2 * unseen.unsure(paired) < unseen.GOAL


def _trained(name, seed=1):
    plan = next(plan for plan in companies.PLANS if plan.name == name)
    company = companies.make(plan, until=UNTIL, seed=seed)
    with stored.stored(company, now=unseen.NOW) as (db, settings), db.read() as session:
        material = backtest.collect(session, Asked(), settings.horizon_days, now=unseen.NOW, progress=lambda *_: None)
    return material, backtest.run(material, seed=0, progress=lambda *_: None)


@pytest.fixture(scope="module")
def trained():
    """A company of the benchmark, and the backtest on it."""
    return _trained("short history")


def test_a_model_of_pure_noise_says_that_it_knows_nothing(trained):
    by_noise, by_cause = (" ".join(card.notes(*learned)) for learned in (_trained("pure noise", seed=2), trained))

    assert "Its order is no better than one by lot" in by_noise
    assert "by lot" not in by_cause


def test_where_nothing_can_be_known_no_model_has_missed_anything():
    row = {"ratio": 0.95, "something_known": False}

    assert unseen.verdict(row) == "by lot"
    assert unseen.verdict(row | {"something_known": True}) == "MISSED"


def test_the_table_says_each_goal_and_what_was_reached(trained, monkeypatch, capsys):
    monkeypatch.setattr(rivals, "lightgbm", None)
    material, tested = trained

    lines = list(goals.table(material, tested, seed=0))
    goals.show(material, tested, lines)

    ratio = tested.model["average_precision"] / tested.baselines["volume"]["average_precision"]
    assert next(line for line in lines if line.what == "average precision / volume").reached == ratio
    told = capsys.readouterr()
    assert "pip install --group bench" in told.err
    assert all(line.what in told.out for line in lines)
    assert not any("LightGBM" in line.what for line in lines)


@pytest.mark.parametrize(
    ("line", "ok"),
    [
        (Line("more is better", 1.9, 1.8), True),
        (Line("more is better", 1.7, 1.8), False),
        (Line("less is better", 0.01, 0.01, at_most=True), True),
        (Line("less is better", 0.02, 0.01, at_most=True), False),
        (Line("told only", 7.0), None),
    ],
)
def test_a_line_is_ok_on_the_right_side_of_its_goal(line, ok):
    assert line.ok is ok


def test_a_folder_without_files_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["goals", str(tmp_path)])

    with pytest.raises(SystemExit, match=r"has neither headsup\.db nor accounts\.csv"):
        goals.main()
