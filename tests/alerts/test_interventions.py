"""What counts as an action of operations, and which data are not believed."""

from datetime import timedelta

import pytest

from models import WrongReason
from service.alerts import actions
from service.alerts.interventions import Happened, Span, Story, interventions, suspect
from service.alerts.queries import past
from tests import make

NOW = make.MONDAY
WEEK = timedelta(days=7)


def story(*events, ended=None, wrong=None, account=1, opened=0):
    """An alert with (hour, kind) events; it opened and ended at those hours."""
    told = [Happened(NOW + timedelta(hours=hour), kind) for hour, kind in events]
    end = None if ended is None else NOW + timedelta(hours=ended)
    return Story(account, NOW + timedelta(hours=opened), end, wrong, told)


def hours(spans):
    """Beginnings and ends in hours from Monday noon; what lasts a week longer is given without that week."""
    return [
        ((span.since - NOW) // timedelta(hours=1), (span.until - WEEK - NOW) // timedelta(hours=1)) for span in spans
    ]


@pytest.mark.parametrize(
    ("told", "acted"),
    [
        (story((2, "acknowledged"), ended=30), [(2, 30)]),
        (story((2, "update"), (9, "update"), ended=30), [(2, 30)]),
        (story((3, "rep_acknowledged")), [(3, 100)]),  # It still lives: until now.
        (story((30, "resolved"), ended=30), [(30, 30)]),
        (story(ended=30), []),  # It faded.
        (story((2, "snoozed"), ended=30), []),
        (story((2, "update"), (5, "snoozed"), (400, "woken"), (401, "update"), ended=410), [(2, 5), (401, 410)]),
        (story((2, "acknowledged"), ended=3, wrong=WrongReason.CLIENT_NOT_AFFECTED), []),
        (story((2, "acknowledged"), ended=3, wrong=WrongReason.DATA_ERROR), []),
        (story((2, "update"), ended=3, wrong=WrongReason.OTHER), [(2, 3)]),  # The rep was told, and may have called.
        (story(ended=3, wrong=WrongReason.ALREADY_SOLVED), [(0, 3)]),
    ],
)  # fmt: skip
def test_an_intervention_lasts_from_the_first_act_until_a_week_after_the_last(told, acted):
    assert hours(interventions([told], now=NOW + timedelta(hours=100))) == acted


def test_interventions_of_one_account_that_overlap_are_one():
    first, second = story((1, "update"), ended=10), story((50, "update"), ended=60, opened=40)
    other = story((50, "update"), ended=60, account=2)

    assert hours(interventions([second, other, first], now=NOW)) == [(1, 60), (50, 60)]


def test_only_a_data_error_makes_the_time_suspect():
    wrong = [story(ended=24, wrong=reason, account=number) for number, reason in enumerate(WrongReason)]

    assert suspect(wrong, now=NOW) == [Span(0, NOW - WEEK, NOW + timedelta(hours=24) + WEEK)]


def test_the_stories_are_read_from_what_people_did(session):
    alert = make.alert(session, make.account(session))
    actions.acknowledge(session, alert, by="ola", now=NOW + timedelta(hours=1))
    actions.mark_wrong(session, alert, "Twice.", WrongReason.DATA_ERROR, by="ola", now=NOW + timedelta(hours=2))
    session.flush()

    (read,) = past.stories(session, until=NOW + timedelta(days=1))

    assert read == Story(
        alert.account_id, NOW, NOW + timedelta(hours=2), WrongReason.DATA_ERROR,
        [Happened(NOW + timedelta(hours=1), "acknowledged")],
    )  # fmt: skip
    assert past.stories(session, until=NOW - timedelta(seconds=1)) == []
