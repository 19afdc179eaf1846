"""What is said of a score: numbers with units, own past, target; and nothing that the numbers do not show."""

import math

import pytest

from service.scoring import reasons, sentences
from service.scoring.definitions import Definition
from service.scoring.sentences import CHANGE, CONTEXT, LEVEL, Subject
from tests.scoring.frames import LATE, OPEN, ORDERS, STARS

NAN = math.nan
LIKE = "4 of 46 recent orders look like those that ended in complaints"


def _told(say, *facts):
    """What is said, and of which kind."""
    said = say(*facts)
    return said and said[:2]


def _stats(**facts):
    names = ("last", "age", "level_7", "level_28", "level_90", "usual", "change_7", "change_28")
    return dict.fromkeys(names, NAN) | {"age": 0.0} | facts


@pytest.mark.parametrize(
    ("definition", "facts", "said"),
    [
        (LATE, {"usual": 0.04, "level_7": 0.19}, "Share delivered late 4 % → 19 % in 7 days (target 5 %)"),
        (LATE, {"usual": 0.01, "level_7": 0.01, "level_28": 0.04}, "Share delivered late 1 % → 4 % in 28 days"),
        (LATE, {"level_28": 0.08}, "Share delivered late: 8 % in 28 days, target 5 %"),
        (OPEN, {"last": 7, "usual": 1}, "Open orders past the promised date: 7, usually 1"),
        (STARS, {"usual": 4.6, "level_7": 2.5}, "Satisfaction 4.6 → 2.5 stars in 7 days"),
        (STARS, {"usual": 4.6, "level_7": 1}, "Satisfaction 4.6 → 1 star in 7 days"),
    ],
)
def test_what_got_worse_is_said_with_its_numbers(definition, facts, said):
    assert _told(sentences.of_metric, Subject(definition, _stats(**facts), {}), "up") == (CHANGE, said)


@pytest.mark.parametrize(
    ("definition", "facts"),
    [
        (LATE, {}),
        (LATE, {"usual": 0.0, "level_7": 0.0, "level_28": 0.0}),
        (LATE, {"usual": 0.2, "level_7": 0.01, "level_28": 0.04}),
        (LATE, {"usual": 0.040, "level_7": 0.041, "level_28": 0.041}),
        (OPEN, {"last": 0, "usual": 3}),
        (OPEN, {"last": 7, "usual": 1, "age": 60.0}),
        (STARS, {"usual": 2.5, "level_7": 4.6, "level_28": 4.0}),
    ],
)
def test_nothing_is_said_where_the_numbers_show_no_trouble(definition, facts):
    said = _told(sentences.of_metric, Subject(definition, _stats(**facts), {}), "up")

    assert said is None or said[1].endswith("no value for 60 days")


def test_what_got_better_speaks_against_a_complaint():
    stats = _stats(usual=0.19, level_7=0.04)

    said = _told(sentences.of_metric, Subject(LATE, stats, {}), "down")

    assert said == (CHANGE, "Share delivered late 19 % → 4 % in 7 days")


@pytest.mark.parametrize(
    ("facts", "typical", "said"),
    [
        ({"level_28": 45 / 28}, 6 / 28, "Orders: 45 in 28 days, at a typical account 6"),
        ({"level_28": 45 / 28, "usual": 40 / 28}, 6 / 28, "Orders: 45 in 28 days, usually 40; at a typical account 6"),
        ({"level_28": 45 / 28, "usual": 20 / 28}, NAN, "Orders: 45 in 28 days, usually 20"),
    ],
)
def test_what_is_neither_good_nor_bad_tells_what_kind_of_account_it_is(facts, typical, said):
    subject = Subject(ORDERS, _stats(**facts), {"level_28": typical})

    assert _told(sentences.of_metric, subject, "up") == _told(sentences.of_metric, subject, "down") == (CONTEXT, said)


def test_a_volume_like_everywhere_and_always_says_nothing():
    subject = Subject(ORDERS, _stats(level_28=1.0, usual=1.0), {"level_28": 1.0})

    assert _told(sentences.of_metric, subject, "up") is None


def test_what_is_only_unlike_a_typical_account_is_a_level():
    said = _told(sentences.of_metric, Subject(OPEN, _stats(last=7, usual=7), {"last": 1}), "up")

    assert said == (LEVEL, "Open orders past the promised date: 7, at a typical account 1")


@pytest.mark.parametrize(
    ("moves", "clarity"), [((5.0, 0.1), 1.0), ((0.4, 1.0), 0.5), ((0.1, 0.2), 0.25), ((NAN, NAN), 1.0)]
)
def test_a_change_within_the_usual_ups_and_downs_is_less_clear(moves, clarity):
    stats = _stats(usual=0.04, level_7=0.19, change_7=moves[0], change_28=moves[1])

    assert sentences.of_metric(Subject(LATE, stats, {}), "up").clarity == clarity


def test_silence_of_a_metric_is_a_reason():
    said = _told(sentences.of_metric, Subject(LATE, _stats(age=12.0), {}), "up")

    assert said == (CHANGE, "Share delivered late: no value for 12 days")


def test_a_total_has_its_own_past_in_the_same_number_of_days():
    missed = Definition(5, "missed", "Promised dates missed", "orders", better="lower", combine="sum")

    said = _told(sentences.of_metric, Subject(missed, _stats(level_7=5 / 7, usual=1 / 7), {}), "up")

    assert said == (CHANGE, "Promised dates missed: 5 orders in 7 days, usually 1")


@pytest.mark.parametrize(
    ("recent", "quarter", "direction", "said"),
    [
        (3, 3, "up", (CHANGE, "3 complaints in the last 28 days, usually 0")),
        (1, 3, "up", (LEVEL, "3 complaints in the last 90 days")),
        (1, 7, "up", (LEVEL, "7 complaints in the last 90 days")),
        (0, 0, "up", None),
        (0, 0, "down", (LEVEL, "No complaint in the last 90 days")),
        (2, 2, "down", None),
    ],
)
def test_complaints_so_far(recent, quarter, direction, said):
    assert _told(sentences.of_complaints, {"count_28": recent, "count_90": quarter}, direction) == said


@pytest.mark.parametrize(
    ("alike", "oldest", "direction", "said"),
    [
        (4, 24.2, "up", (LEVEL, f"{LIKE}; the oldest is 24 days old")),
        (1, 1.0, "up", (LEVEL, "1 of 46 recent orders looks like those that ended in complaints; it is 1 day old")),
        (4, NAN, "up", (LEVEL, LIKE)),
        (0, NAN, "up", (CONTEXT, "46 recent orders")),
        (0, NAN, "down", (LEVEL, "None of 46 recent orders looks like those that ended in complaints")),
        (4, 24.0, "down", None),
    ],
)  # fmt: skip
def test_items_are_held_against_those_that_ended_in_complaints(alike, oldest, direction, said):
    stats = {"live": 46.0, "alike": float(alike), "oldest": oldest}

    assert _told(sentences.of_items, stats, "orders", direction) == said


@pytest.mark.parametrize(("carrying", "word"), [((LATE, ORDERS), "orders"), ((LATE,), "items"), ((), "items")])
def test_items_are_called_what_is_counted(carrying, word):
    assert sentences.word_of_items(carrying) == word


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.005, "share", "0.5 %"),
        (0.194, "share", "19 %"),
        (12.0, "%", "12 %"),
        (1234.4, "EUR", "1,234 EUR"),
        (1.0, "days", "1 day"),
        (0.43, "days", "0.43 days"),
        (-10.84, "days", "-10.8 days"),
    ],
)
def test_values_are_written_as_people_write_them(value, unit, said):
    assert sentences.amount(Definition(9, "x", "Something", unit), value) == said


def test_missing_names_what_the_account_used_to_have():
    stats = {
        "late_share": {"age": 40.0, "last": 0.1},
        "open_late": {"age": 40.0, "last": 0.0},
        "orders": {"age": 40.0, "last": 3.0},
        "stars": {"age": NAN, "last": NAN},
    }

    assert reasons.missing(stats, (LATE, OPEN, ORDERS, STARS)) == ["late_share"]
