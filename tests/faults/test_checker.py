"""The judge is judged: each kind of loss and of duplicate, forged, is found; an honest world is not accused."""

from dataclasses import replace

import pytest

from models import WorkerStep
from tests import make
from tests.faults.checker import Delivery, Finding, MailRow, PromiseRow, UpdateRow, World, check, repeats
from tests.faults.history import Event, History, Outcome
from tests.faults.world import LAST_STEP, wait_idle

KEY = ("northwind", "late_share", "2026-03-02T12:00:00+00:00", "c1-1")
OTHER = (*KEY[:3], "c1-2")
ROWS = [[*KEY, 0.5], [*OTHER, 0.6]]
TOLD = UpdateRow("u1", "a1", "t1", told_by="m1")
AT_RISK = PromiseRow("t2", at_risk=True, told_by="m1")
SENT = Delivery("<1@x>", "rita@example.com", "aa", "Heads-up t1 . Promised: t2 .")
MAIL = MailRow("m1", "<1@x>", "rita@example.com", "sent")
HONEST = World(
    history=(
        Event(Outcome.INVOKE, "observe", "c1-1", {"rows": ROWS}),
        Event(Outcome.UNKNOWN, "observe", "c1-1"),
        Event(Outcome.INVOKE, "observe", "c1-1", {"rows": ROWS}),
        Event(Outcome.OK, "observe", "c1-1", {"accepted": 2}),
        Event(Outcome.INVOKE, "update", "t1"),
        Event(Outcome.OK, "update", "t1"),
        Event(Outcome.OK, "promise", "t2"),
        Event(Outcome.INVOKE, "update", "t9"),
        Event(Outcome.UNKNOWN, "update", "t9"),
    ),
    observations={KEY: 0.5, OTHER: 0.6},
    updates=(TOLD, UpdateRow("u0", "a1", "", dropped="It has ended.")),
    promises=(AT_RISK, PromiseRow("", at_risk=False)),
    mails=(MAIL,),
    delivered=(SENT,),
    live_alerts=("northwind",),
    alerts={"a1": 1},
)
NOTHING = {"updates": (), "promises": (), "mails": (), "delivered": ()}
WRONG_COUNT = Event(Outcome.OK, "observe", "c1-1", {"accepted": 1})
FORGED = {
    "refused": {"history": (*HONEST.history, Event(Outcome.FAIL, "observe", "c1-3"))},
    "accepted and lost": {"observations": {KEY: 0.5}},
    "stored and never sent": {"observations": {KEY: 0.5, OTHER: 0.7}},
    "answered with another count than was sent": {"history": (*HONEST.history, WRONG_COUNT)},
    "update confirmed and lost": {"updates": ()},
    "update stored twice": {"updates": (*HONEST.updates, UpdateRow("u2", "a1", "t1", has_rep=False))},
    "update that nobody wrote": {"updates": (*HONEST.updates, UpdateRow("u2", "a1", "t7", has_rep=False))},
    "update with 0 lines in the audit log": {"updates": (replace(TOLD, audits=0),)},
    "promise confirmed and lost": {"promises": ()},
    "promise at risk without a mail": {"promises": (replace(AT_RISK, told_by=""),)},
    "update without a mail": {"updates": (replace(TOLD, told_by=""),)},
    "mail that is called sent and never came": {"delivered": ()},
    "mail that still waits": {"mails": (replace(MAIL, state="sending"),), "delivered": ()},
    "mail kept back without a reason": {"mails": (replace(MAIL, state="parked"),), "delivered": ()},
    "mail that came and is not called sent": {"mails": (replace(MAIL, state="parked", reason="550"),)},
    "message that nobody composed": {"delivered": (SENT, replace(SENT, message_id="<2@x>", text=""))},
    "message to somebody else": {"delivered": (SENT, replace(SENT, recipient="sam@example.com"))},
    "message whose bytes changed": {"delivered": (SENT, replace(SENT, digest="bb"))},
    "the same told in different messages": {
        "mails": (MAIL, replace(MAIL, id="m2", message_id="<2@x>")),
        "delivered": (SENT, replace(SENT, message_id="<2@x>")),
    },
    "two live alerts for one account": {"live_alerts": ("northwind", "northwind")},
    "alert with 2 openings in its history": {"alerts": {"a1": 2}},
    "accepted and never scored": {"unscored": ("northwind",)},
}


def test_an_honest_world_is_not_accused():
    assert check(HONEST) == []


@pytest.mark.parametrize("promise", FORGED)
def test_each_forged_wrong_is_found_and_nothing_else(promise):
    found = check(replace(HONEST, **FORGED[promise]))

    assert {finding.promise for finding in found} == {promise}


def test_what_was_never_confirmed_may_be_missing():
    unconfirmed = tuple(event for event in HONEST.history if event.outcome is not Outcome.OK)

    assert check(replace(HONEST, history=unconfirmed, observations={}, **NOTHING)) == []


def test_the_same_message_twice_is_a_repeat_and_no_broken_promise():
    twice = replace(HONEST, delivered=(SENT, SENT))

    assert check(twice) == []
    assert (repeats(HONEST), repeats(twice)) == (0, 1)


def test_a_finding_names_what_it_is_about():
    assert check(replace(HONEST, unscored=("northwind",))) == [Finding("accepted and never scored", "northwind")]


def test_a_history_is_read_as_it_was_written(tmp_path):
    history = History(tmp_path / "history.jsonl")
    for event in HONEST.history:
        history.note(event)

    assert tuple(history.events()) == HONEST.history


def test_nothing_that_waits_is_not_yet_the_end_of_a_round(db):
    with db.begin() as session:
        session.add(WorkerStep(name=LAST_STEP, ended_at=make.MONDAY))

    with pytest.raises(AssertionError, match="still busy"):
        wait_idle(db, 1.2)
