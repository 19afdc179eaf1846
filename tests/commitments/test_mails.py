"""Reps hear of a promise at risk once an episode, beside no other mail about the account."""

from datetime import date, timedelta

import pytest

from models import Account, Alert, AlertEvent, Commitment, CommitmentState, Mail, MailKind, MailState, Rep, Telling
from service.updates import actions as updates
from service.updates import promises, weekly
from service.updates.tell import NotComposed
from tests import make
from tests.commitments.conftest import BAD, GOOD

FRIDAY = date(2026, 3, 6)
PROMISE = "Deliveries before 08:00 in all northern shops"


def plain(mail):
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


@pytest.fixture
def at_risk(measured, promised):
    """A promise that misses its target, due on Friday in a week, with what hangs on it."""
    measured(*(GOOD,) * 3, *(BAD,) * 4)
    dominoes = [{"what": "The reopening in Tegel", "on": "2026-03-14"}, {"what": "Fresh bread", "on": None}]
    return promised(bound=True, due=FRIDAY + timedelta(days=7), dominoes=dominoes)


def test_the_rep_hears_what_why_until_when_and_what_hangs_on_it(at_risk, tick, mailbox):
    tick()

    (mail,) = mailbox.to("rita@example.com")
    assert mail["subject"].startswith("Promise to Northwind Foods at risk, due Friday 13 March: Deliveries before")
    said = plain(mail)
    assert "missed the promised 5 % on 4 of the last 7 days measured; on the last of them it was 19 %." in said
    assert "- The reopening in Tegel, Saturday 14 March\n- Fresh bread\n" in said
    assert mail["references"] == f"<commitment.{at_risk.id.hex}@ops.example>"


def test_an_episode_is_told_once(at_risk, tick, mailbox, later, measured):
    for _ in range(4):
        tick()
        later(days=1)
        measured(*(BAD,) * 7)

    assert len(mailbox.delivered) == 1


def test_an_episode_after_the_cool_down_is_told_anew_in_the_same_thread(at_risk, tick, mailbox, later, measured):
    for values in ((BAD,) * 7, (GOOD,) * 7, (BAD,) * 7):
        measured(*values)
        tick()
        later(days=4)

    first, second = mailbox.to("rita@example.com")
    assert first["references"] == second["references"]
    assert first["message-id"] != second["message-id"]


def test_two_promises_of_an_account_are_one_mail(at_risk, promised, tick, mailbox, rows):
    promised(bound=True, due=FRIDAY, promise="No broken pallets")

    tick()

    (mail,) = mailbox.to("rita@example.com")
    assert "No broken pallets" in mail["subject"]
    assert "2 promises to Northwind Foods are at risk" in plain(mail)
    assert "Deliveries before 08:00 in all northern shops, due Friday 13 March." in plain(mail)
    assert len({each.mail_id for each in rows(Commitment)}) == 1


@pytest.mark.parametrize(("due", "waits"), [(FRIDAY, True), (date(2026, 3, 3), False)])
def test_beside_a_heads_up_of_the_day_it_waits_for_the_next_unless_it_is_due(  # noqa: PLR0917
    db, account, measured, promised, tell, tick, mailbox, later, due, waits
):
    with db.begin() as session:
        alert = make.alert(session, account)
    tell(alert)
    tick()
    measured(*(BAD,) * 7)
    promised(bound=True, due=due)
    later(hours=1)
    tick()
    assert len(mailbox.delivered) == (1 if waits else 2)

    later(days=1)
    tick()

    mail = mailbox.to("rita@example.com")[-1]
    assert len(mailbox.delivered) == 2
    assert mail["subject"].startswith("Promise")
    assert "Two drivers are off sick" in plain(mail)


def test_whether_a_rep_was_told_first_does_not_depend_on_it(db, account, at_risk, tick, rows):
    with db.begin() as session:
        make.alert(session, account, acknowledged_at=make.MONDAY)

    tick()

    (mail,) = (each for each in rows(Mail) if each.kind is MailKind.COMMITMENT)
    assert (mail.state, mail.alert_id) == (MailState.SENT, rows(Alert)[0].id)
    assert rows(Telling) == []
    assert [event.kind for event in rows(AlertEvent)] == ["rep_mailed"]


def test_a_promise_that_was_kept_meanwhile_is_not_told(db, at_risk, settings, mailbox, rows, tick):  # noqa: PLR0917
    settings.__dict__["smtp_url"] = ""
    tick()
    with db.begin() as session:
        row = session.query(Commitment).one()
        row.state, row.closed_at, row.closed_by = CommitmentState.KEPT, make.MONDAY, "ola@example.com"
    settings.__dict__["smtp_url"] = mailbox.url

    tick()

    assert mailbox.delivered == []
    assert rows(Mail)[0].last_error == "The promise was closed, or is not at risk any more."


def test_another_rep_is_told_in_the_place_of_the_first(db, at_risk, settings, mailbox, tick):
    settings.__dict__["smtp_url"] = ""
    tick()
    with db.begin() as session:
        session.query(Account).one().rep = make.rep(session, email="sam@example.com")
    settings.__dict__["smtp_url"] = mailbox.url

    tick()
    tick()

    assert [recipient for recipient, _ in mailbox.delivered] == ["sam@example.com"]


def test_an_account_without_a_rep_keeps_what_is_owed(db, at_risk, tick, mailbox):
    with db.begin() as session:
        rep, session.query(Account).one().rep_id = session.query(Account).one().rep_id, None
    tick()
    assert mailbox.delivered == []
    with db.begin() as session:
        session.query(Account).one().rep_id = rep

    tick()

    assert len(mailbox.delivered) == 1


def test_it_waits_for_the_reps_hours(at_risk, settings, tick, mailbox, later):
    settings.__dict__["quiet_hours"] = "11:00-20:00"
    tick()
    assert mailbox.delivered == []

    later(hours=8)
    tick()

    assert len(mailbox.delivered) == 1


def test_further_news_of_an_alert_waits_after_it(db, account, at_risk, tell, tick, mailbox, later, clock):  # noqa: PLR0917
    with db.begin() as session:
        alert = make.alert(session, account)
    tell(alert, next_update_at=clock.at + timedelta(days=5))
    tick()
    later(days=1)
    tick()
    later(hours=1)
    tell(alert, cause="The second van is out.", next_update_at=clock.at + timedelta(days=5))
    tick()
    assert ["The second van" in plain(mail) for mail in mailbox.to("rita@example.com")] == [False, False]

    later(days=1)
    tick()

    assert "The second van is out." in plain(mailbox.to("rita@example.com")[-1])


@pytest.fixture
def poisoned(db, at_risk, clock, look):
    """The promise has something that no mail can say; a promise of another account of the rep is sound."""
    look()
    with db.begin() as session:
        session.get(Commitment, at_risk.id).dominoes = [{}]
        sound = make.account(session, external_id="southwind", name="South", rep=session.query(Rep).one())
        overdue = {"promise": "Fresh bread", "due": date(2026, 2, 27), "at_risk_since": clock.at, "danger": "overdue"}
        make.commitment(session, sound, **overdue)


def test_a_promise_that_no_mail_can_tell_is_tried_eight_times_and_stands_in_nobodys_way(  # noqa: PLR0917
    db, poisoned, settings, later, tick, mailbox, rows
):
    for _ in range(8):
        with pytest.raises(NotComposed, match="1 of "):
            promises.compose(db, settings, now=later(minutes=2))
        assert promises.compose(db, settings, now=later()) == 0  # not again in the same breath
    tick()

    (parked,) = (mail for mail in rows(Mail) if mail.state is MailState.PARKED)
    assert parked.last_error.startswith("Composing it failed 8 times: KeyError")
    assert (parked.kind, parked.attempts, parked.subject) == (MailKind.COMMITMENT, 8, "Not composed: Northwind Foods")
    assert len(mailbox.to("rita@example.com")) == 1


def test_a_promise_that_no_mail_can_tell_is_left_out_of_the_weekly_mail(  # noqa: PLR0917
    db, poisoned, settings, later, tick, mailbox
):
    weekly.compose(db, settings.model_copy(update={"digest_day": 1, "digest_hour": 9}), now=later(days=10))
    tick()

    (week,) = (plain(mail) for mail in mailbox.to("rita@example.com") if mail["Subject"].startswith("Your week"))
    assert "South, by Friday 27 February: Fresh bread." in week
    assert PROMISE not in week


def test_what_could_not_be_told_is_composed_anew_when_it_is_put_right(db, poisoned, settings, later, rows):
    for _ in range(8):
        with pytest.raises(NotComposed):
            promises.compose(db, settings, now=later(minutes=2))
    with db.begin() as session:
        session.query(Commitment).filter_by(promise=PROMISE).update({"dominoes": []})
        (parked,) = session.query(Mail).filter_by(state=MailState.PARKED)
        updates.send_again(session, parked, by="ola@example.com", now=later())

    assert promises.compose(db, settings, now=later(days=1)) == 1
    assert {each.tries for each in rows(Commitment)} == {0}


def test_a_promise_that_kills_whoever_composes_it_is_parked(db, at_risk, settings, look, clock, rows):  # noqa: PLR0917
    look()
    with db.begin() as session:
        session.get(Commitment, at_risk.id).tries = 8

    assert promises.compose(db, settings, now=clock.at) == 0
    assert rows(Mail)[0].last_error == "A worker that composed it died 8 times."


def test_what_was_kept_back_in_a_calm_is_told_when_the_risk_is_back(  # noqa: PLR0917
    at_risk, settings, measured, mailbox, tick, later
):
    settings.__dict__["smtp_url"] = ""
    tick()
    settings.__dict__["smtp_url"] = mailbox.url
    for values in ((GOOD,) * 7, (BAD,) * 7):
        later(hours=1)
        measured(*values)
        tick()

    assert len(mailbox.to("rita@example.com")) == 1
