"""The trade-off of the alert line, and what each choice makes of it."""

import numpy as np
import pytest

from models.trained_model import LineKind
from service.scoring import lines
from service.scoring.lines import Choice
from tests.training.test_evaluation import _dataset
from training import alert_line
from training.profiles import NOTHING

BUDGET, PRICE, FIXED = LineKind.BUDGET, LineKind.PRICE, LineKind.FIXED


def _curve(*, base=0.2, cool_down_hours=72, weeks=4):
    """A hundred accounts for some weeks, with risks .005 to .995; the riskiest complain, in the middle of each week."""
    account, week = np.tile(np.arange(100), weeks), np.repeat(np.arange(weeks), 100)
    complaints = [(a, 7 * w + 3) for a in range(100) if a >= 100 * (1 - base) for w in range(weeks)]
    part = _dataset(account, week, account >= 100 * (1 - base), complaints=complaints)
    return alert_line.curve(part, (account + 0.5) / 100, NOTHING, cool_down_hours)


def test_a_line_raises_an_alert_a_week_for_each_account_over_it():
    found = lines.offer(_curve(), 0.905)

    assert found.alerts_per_day == pytest.approx(10 / 7)


def test_a_cool_down_of_two_weeks_halves_the_alerts():
    assert lines.offer(_curve(cool_down_hours=14 * 24), 0.905).alerts_per_day == pytest.approx(5 / 7)


def test_a_higher_line_is_right_more_often_and_catches_less():
    curve = _curve()
    found = [lines.offer(curve, line) for line in (0.905, 0.805, 0.605, 0.205)]

    assert [each.right for each in found] == pytest.approx([1, 1, 0.5, 0.25], abs=1e-3)
    assert [each.caught for each in found] == pytest.approx([0.5, 1, 1, 1])
    assert [each.told_first for each in found] == pytest.approx([0.5, 1, 1, 1])


def test_an_offer_says_how_long_before_the_complaint_the_alert_was_there():
    found = lines.offer(_curve(), 0.805)

    # Complaints come on day 3 of a week; the first flag within the 14 days before is that of the week before the last.
    assert found.head_start_days == 10
    assert found.head_start_hours == 7 * 8


def test_a_line_over_all_risks_promises_nothing():
    assert lines.offer(_curve(), 0.9951) == lines.Offer(0.9951, 0.0)


@pytest.mark.parametrize("budget", [0.3, 1.0, 2.5])
def test_a_budget_is_spent_and_no_more(budget):
    curve = _curve()

    line = lines.choose(Choice(BUDGET, budget), curve)

    assert lines.offer(curve, line).alerts_per_day == pytest.approx(budget, rel=0.02)


def test_a_budget_for_everybody_does_not_alarm_on_everybody():
    base = 0.1

    line = lines.choose(Choice(BUDGET, 1_000), _curve(base=base))

    odds = 2 * base / (1 - base)
    assert line == pytest.approx(odds / (1 + odds), abs=1e-4)


def test_a_budget_below_one_alert_in_all_weeks_raises_the_line_above_them():
    assert lines.choose(Choice(BUDGET, 0.01), _curve()) == lines.MOST


def test_a_price_asks_where_the_expected_cost_of_a_miss_exceeds_that_of_a_look():
    assert lines.choose(Choice(PRICE, 3), _curve()) == pytest.approx(0.25)


def test_a_price_stays_within_what_the_validation_weeks_have_seen():
    curve = _curve(weeks=1)

    assert lines.choose(Choice(PRICE, 1e6), curve) == pytest.approx(0.005)
    # Nine alerts and fewer are too few to know how many of them would be right.
    assert lines.choose(Choice(PRICE, 0.001), curve) == pytest.approx(0.905)


def test_a_fixed_line_is_taken_as_it_is():
    assert lines.choose(Choice(FIXED, 0.61), _curve()) == 0.61


def test_rows_that_nobody_can_judge_cost_an_alert_and_are_neither_right_nor_wrong():
    part = _dataset([1, 2, 3, 4] * 5, [0, 1, 2, 3, 4] * 4, [1, 0, 0, 0] * 5)
    part.weight[part.account == 2] = 0.0
    risk = 1 - part.account / 10

    found = lines.offer(alert_line.curve(part, risk, NOTHING, 72), 0.7)

    assert (found.alerts_per_day, found.right) == (pytest.approx(15 / 35), 0.5)


@pytest.mark.parametrize(("asked", "held"), [(2.4, 2.4), (4.0, 2.5), (1.7, 1.7), (1.0, 1.6)])
def test_a_new_model_changes_the_alerts_a_day_by_a_quarter_at_most(asked, held):
    curve = _curve()

    line = lines.steady(lines.line_for(curve, asked), 2.0, curve)

    assert lines.offer(curve, line).alerts_per_day == pytest.approx(held, rel=0.02)


def test_a_quarter_of_the_alerts_is_for_quiet_accounts_under_the_line():
    account, week = np.tile(np.arange(100), 4), np.repeat(np.arange(4), 100)
    quiet = np.arange(0, 100, 2)
    part = _dataset(account, week, account % 10 >= 8, quiet=quiet)

    found = lines.offer(alert_line.curve(part, (account + 0.5) / 100, NOTHING, 72), 0.705)

    # Thirty accounts over the line, and of the quiet ones under it the ten riskiest.
    assert found.quiet_line == pytest.approx(0.505)
    assert found.alerts_per_day == pytest.approx(40 / 7)


def test_quiet_accounts_get_no_line_at_which_alerts_are_no_better_than_any_look():
    account, week = np.tile(np.arange(100), 4), np.repeat(np.arange(4), 100)
    part = _dataset(account, week, account % 2 == 0, quiet=np.arange(100))

    curve = alert_line.curve(part, (account + 0.5) / 1000, NOTHING, 72)

    assert curve["quiet_line"] == curve["line"]


def test_the_offers_around_a_line_go_from_few_alerts_to_many_and_hold_the_line_itself():
    curve = _curve()

    found = lines.around(curve, 0.805)

    assert [each.alerts_per_day for each in found] == pytest.approx(
        [20 / 7 * f for f in (0.25, 0.5, 1, 2, 4)], rel=0.05
    )
    assert found[2].line == 0.805
