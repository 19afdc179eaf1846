"""What has moved is said with numbers, whatever the feature."""

import numpy as np
import pytest

from service.scoring import features
from service.scoring.definitions import LAST, MEAN, SUM, Definition
from service.watching import moves, psi

DEFINITIONS = (
    Definition(1, "late", "Delivered late", unit="share", better="lower", combine=MEAN, target=0.05),
    Definition(2, "lost", "Parcels lost", unit="parcels", better="lower", combine=SUM),
    Definition(3, "open", "Tickets waiting", unit="tickets", better="lower", combine=LAST),
)
KNOWN = {definition.key: definition for definition in DEFINITIONS}
COLUMNS = [column for column in features.columns(DEFINITIONS, with_items=True) if column.group != features.ACCOUNT]


def moved(column, **facts):
    group = {
        "group": column.partition(":")[0], "column": column, "missing": 0.0, "missing_was": 0.0, "push": 0.1,
        "psi": 1.0, "levels": [0.12, 0.4], "levels_were": [0.05, 0.2], "over": None,
    }  # fmt: skip
    return moves.sentence(group | facts, KNOWN)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_every_feature_is_told_by_two_numbers(column):
    said = moved(column.name, levels=[3.0, 9.0], levels_were=[1.0, 2.0])

    subject, numbers = said.split(": ")
    now, was = numbers.removesuffix(" before.").split(" at a typical account, ")
    assert now != was
    assert now[0].isdigit() or now[0] == "+"
    assert subject.split(",")[0].split(" over")[0] in {
        "Complaints",
        "What is under way",
        *(d.label for d in DEFINITIONS),
    }


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        ("late:level_28", "Delivered late: 12 % at a typical account, 5 % before."),
        ("lost:level_7", "Parcels lost over 7 days: 0.1 a day at a typical account, 0.05 a day before."),
        ("late:off_28", "Delivered late, share of days off target: 12 % at a typical account, 5 % before."),
    ],
)
def test_the_unit_is_the_metric_s_or_the_statistic_s(column, sentence):
    assert moved(column) == sentence


def test_where_the_typical_account_is_the_same_one_in_ten_is_told():
    said = moved("open:last", levels=[2.0, 9.0], levels_were=[2.0, 5.0])

    assert said == "Tickets waiting, newest value: at least 9 at one account in ten, 5 before."


def test_where_both_are_the_same_the_share_beyond_an_edge_is_told():
    said = moved("open:last", levels=[2.0, 9.0], levels_were=[2.0, 9.0], over=[4.0, 0.4, 0.15])

    assert said == "Tickets waiting, newest value: over 4 at 40 % of the accounts, 15 % before."


def test_the_edge_is_the_one_at_which_most_has_moved():
    then = psi.reference(np.arange(100, dtype=np.float32), accounts=100)

    edge, share, share_was = psi.over(then, np.append(np.arange(60), np.full(40, 99.0)).astype(np.float32))

    assert 85 < edge < 95
    assert (share, share_was) == (0.4, 0.1)
