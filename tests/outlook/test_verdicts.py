"""What a complaint says about us, and what became of an alert."""

from datetime import timedelta
from uuid import uuid4

import pytest

from models import Resolution
from service.outlook import rules
from service.outlook.rules import Outcome, Raised, Told, Verdict
from tests import make

CALL = make.MONDAY  # The client complains on Monday at noon.
HORIZON = timedelta(days=14)


def days(number):
    """So many days after the call; before it, if negative."""
    return CALL + timedelta(days=number)


def raised(opened, resolved=None, resolution=Resolution.FIXED):
    ended = None if resolved is None else days(resolved)
    return Raised(uuid4(), 1, days(opened), ended, resolution if ended else None)


def judge(*alerts_and_mails):
    """Judge the call; each argument is an alert and the days on which mails about it were sent."""
    alerts = [alert for alert, *_ in alerts_and_mails]
    mails = [Told(alert.id, days(sent), "UTC") for alert, *sent_on in alerts_and_mails for sent in sent_on]
    return rules.judge(CALL, alerts, sorted(mails, key=lambda mail: mail.sent_at), HORIZON)


@pytest.mark.parametrize(
    ("history", "verdict"),
    [
        # The rep was told three days before.
        ([(raised(-3), -3)], Verdict.TOLD_FIRST),
        # The rep was told, operations fixed it, and the client complained nevertheless.
        ([(raised(-5, resolved=-2), -4)], Verdict.TOLD_FIRST),
        # The heads-up is exactly as old as the horizon.
        ([(raised(-14, resolved=-13), -14)], Verdict.TOLD_FIRST),
        # The heads-up is older than the horizon, and that alert was over.
        ([(raised(-15, resolved=-10), -15)], Verdict.MISSED),
        # The heads-up is older than the horizon, but the alert was still live.
        ([(raised(-20), -20)], Verdict.TOLD_FIRST),
        # Operations called the alert wrong; the rep had been told all the same.
        ([(raised(-3, resolved=-2, resolution=Resolution.WRONG), -3)], Verdict.TOLD_FIRST),
        # An old alert was told; the present one was not: the old mail is too old to count.
        ([(raised(-40, resolved=-30), -40), (raised(-1),)], Verdict.NOT_TOLD),
        # The first alert was told within the horizon; that counts for the second one too.
        ([(raised(-10, resolved=-6), -9), (raised(-1),)], Verdict.TOLD_FIRST),
        # The alert was there, and the mail left at the very moment of the call.
        ([(raised(-1), 0)], Verdict.TOLD_LATE),
        # The alert was there, and the mail came within a week after the call.
        ([(raised(-1), 6.9)], Verdict.TOLD_LATE),
        # The mail came so late that it is about something else.
        ([(raised(-1), 7.1)], Verdict.NOT_TOLD),
        # The alert was there, and nobody said anything.
        ([(raised(-1),)], Verdict.NOT_TOLD),
        # The alert opened two months ago, was never ended and never told.
        ([(raised(-60),)], Verdict.NOT_TOLD),
        # The alert had ended before the horizon began.
        ([(raised(-30, resolved=-20),)], Verdict.MISSED),
        # The alert opened only after the call, and the rep was told at once: that is no warning.
        ([(raised(0.1), 0.2)], Verdict.MISSED),
        # Nothing was ever raised.
        ([], Verdict.MISSED),
    ],
)
def test_the_verdict_on_a_complaint(history, verdict):
    assert judge(*history).verdict is verdict


def test_the_head_start_counts_from_the_first_mail_that_counts():
    live = raised(-5)

    judged = judge((live, -4, -1))

    assert (judged.alert_id, judged.told_at) == (live.id, days(-4))
    assert judged.head_start_hours == 16  # Thursday noon to Monday noon: 5 + 8 + 3 hours.


@pytest.mark.parametrize(
    ("alert", "complained", "now", "outcome"),
    [
        # The client complained within the horizon.
        (raised(0), [13.9], 1, Outcome.RIGHT),
        # The client complained after the horizon, while the alert was still live.
        (raised(0), [20], 30, Outcome.RIGHT),
        # The client complained after the horizon, when the alert had ended.
        (raised(0, resolved=5), [20], 30, Outcome.QUIET),
        # The client had complained before the alert opened: that is no proof.
        (raised(0), [-1, 0], 30, Outcome.QUIET),
        # Operations called it wrong.
        (raised(0, resolved=1, resolution=Resolution.WRONG), [], 2, Outcome.WRONG),
        # Operations called it wrong, and the client complained nevertheless.
        (raised(0, resolved=1, resolution=Resolution.WRONG), [3], 4, Outcome.RIGHT),
        # It was fixed, and the horizon is not over yet.
        (raised(0, resolved=1), [], 13.9, Outcome.PENDING),
        # It was fixed, and no complaint came.
        (raised(0, resolved=1), [], 14, Outcome.QUIET),
        # It is still live, and no complaint came within the horizon.
        (raised(0), [], 14, Outcome.QUIET),
    ],
)
def test_the_outcome_of_an_alert(alert, complained, now, outcome):
    moments = [days(day) for day in complained]

    assert rules.outcome(alert, moments, HORIZON, now=days(now)) is outcome


def test_rates_are_empty_where_there_is_nothing_to_divide_by():
    nothing = rules.tally([], [Outcome.PENDING])

    assert (nothing.told_first_rate, nothing.head_start_hours_median, nothing.right_rate) == (None, None, None)
