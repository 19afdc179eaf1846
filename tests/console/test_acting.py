"""Acting on an alert: from forms with and without JavaScript, alone and beside others."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models import Alert, AlertStatus, Resolution, Update, WrongReason
from service.alerts import actions
from tests import make
from tests.make import MONDAY

HTMX = {"HX-Request": "true"}
WHOLE = {"cause": "A van is out.", "owner": "Ola", "fix": "Another van.", "next_update_at": "own"}


@pytest.fixture
def alert(db):
    with db.begin() as session:
        return make.alert(session, make.account(session))


def stored(db):
    with db.read() as session:
        return session.scalars(select(Alert)).one()


@pytest.mark.parametrize(
    ("move", "form", "status"),
    [
        ("acknowledge", {}, AlertStatus.ACKNOWLEDGED),
        ("assign", {"to": "ola@example.com"}, AlertStatus.OPEN),
        ("snooze", {"until": (MONDAY + timedelta(hours=3)).isoformat()}, AlertStatus.SNOOZED),
        ("snooze", {"risk": "0.9"}, AlertStatus.SNOOZED),
        ("resolve", {"text": "The van is back."}, AlertStatus.RESOLVED),
        ("wrong", {"text": "A holiday."}, AlertStatus.RESOLVED),
    ],
)
def test_every_move_works_as_a_plain_form(ola, db, alert, move, form, status):  # noqa: PLR0917
    answer = ola.post(f"/alerts/{alert.id}/{move}", data=form, follow_redirects=False)

    assert answer.headers["location"] == f"/alerts/{alert.id}"
    assert stored(db).status is status
    assert "by Ola" in ola.get(f"/alerts/{alert.id}").text


def test_a_wrong_alert_keeps_the_reason_for_training(ola, db, alert):
    panel = ola.get(f"/alerts/{alert.id}").text
    ola.post(f"/alerts/{alert.id}/wrong", data={"text": "A holiday.", "reason": "client_not_affected"})

    ended = stored(db)
    assert (ended.resolution, ended.resolution_note) == (Resolution.WRONG, "A holiday.")
    assert ended.wrong_reason is WrongReason.CLIENT_NOT_AFFECTED
    assert all(f'<option value="{reason}">' in panel for reason in WrongReason)
    assert "the client is not affected" in ola.get(f"/alerts/{alert.id}").text


def test_htmx_gets_the_panel_and_the_row_and_nothing_else(ola, alert):
    answer = ola.post(f"/alerts/{alert.id}/acknowledge", data={"part": "panel"}, headers=HTMX)

    assert "<html" not in answer.text
    assert '<article class="card panel"' in answer.text
    assert f'<tr id="alert-{alert.id}" class="acknowledged">' in answer.text


def test_an_update_is_written_and_answers_the_alert(ola, db, alert):
    answer = ola.post(f"/alerts/{alert.id}/updates", data=WHOLE | {"own_time": "2026-03-03T09:30"})

    with db.read() as session:
        update = session.scalars(select(Update)).one()
    assert "goes out in a moment" in answer.text
    assert (update.cause, update.written_by) == ("A van is out.", "ola@example.com")
    assert update.next_update_at == MONDAY + timedelta(hours=21, minutes=30)
    assert stored(db).status is AlertStatus.ACKNOWLEDGED


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_incomplete_update_is_refused_with_what_it_lacks_and_keeps_the_text(ola, db, alert, headers):
    form = WHOLE | {"fix": "", "own_time": "yesterday", "part": "panel"}

    answer = ola.post(f"/alerts/{alert.id}/updates", data=form, headers=headers)

    assert answer.status_code == 422
    assert answer.text.count("is missing") == 2
    assert "A van is out." in answer.text
    with db.read() as session:
        assert session.scalars(select(Update)).all() == []


def test_what_somebody_else_did_meanwhile_is_told_and_nothing_is_done(ola, db, alert, later):
    with db.begin() as session:
        make.operator(session, "omar@example.com")
        theirs = session.get(Alert, alert.id)
        actions.acknowledge(session, theirs, by="omar@example.com", now=MONDAY)
    later(minutes=5)

    answer = ola.post(f"/alerts/{alert.id}/resolve", data={"seen": "0"})

    assert answer.status_code == 409
    assert "Omar was faster (acknowledged 5 min ago)" in answer.text
    assert stored(db).status is AlertStatus.ACKNOWLEDGED


def test_after_a_look_at_the_change_the_same_move_goes_through(ola, db, alert):
    with db.begin() as session:
        actions.acknowledge(session, session.get(Alert, alert.id), by="omar@example.com", now=MONDAY)
    refused = ola.post(f"/alerts/{alert.id}/resolve", data={"seen": "0"}).text
    seen = refused.split('name="seen" value="', 1)[1].split('"', 1)[0]

    ola.post(f"/alerts/{alert.id}/resolve", data={"seen": seen})

    assert stored(db).status is AlertStatus.RESOLVED


@pytest.mark.parametrize(
    "event", [("escalated", actions.WORKER), ("rep_told", actions.WORKER), ("rep_acknowledged", "rita")]
)
def test_what_the_program_or_the_rep_did_meanwhile_is_no_conflict(ola, db, alert, event):
    with db.begin() as session:
        actions.note(session, alert, event[0], actor=event[1], now=MONDAY)

    assert ola.post(f"/alerts/{alert.id}/acknowledge", data={"seen": "0"}).status_code == 200


def test_an_ended_alert_cannot_be_snoozed(ola, alert):
    ola.post(f"/alerts/{alert.id}/resolve")

    answer = ola.post(f"/alerts/{alert.id}/snooze", data={"risk": "0.9", "seen": 99})

    assert answer.status_code == 409
    assert "The alert has ended" in answer.text
    assert 'class="acts"' not in answer.text


def test_an_unknown_alert_is_a_page_that_says_so(ola, alert):
    assert ola.get("/alerts/6b1f4c1e-7f42-4d4c-9b0b-111111111111").status_code == 404
    assert ola.post("/alerts/6b1f4c1e-7f42-4d4c-9b0b-111111111111/acknowledge").status_code == 404
    assert ola.get("/alerts/not-an-id").status_code == 422
