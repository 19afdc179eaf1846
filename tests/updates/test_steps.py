"""What the worker tells by itself, and what it keeps to itself."""

from datetime import timedelta

import pytest

from models import Mail, MailState, Rep, Role, Telling, Update, UpdateKind, WorkerStep
from service.accounts import queries as accounts
from service.alerts import actions as verbs
from service.alerts import queries as alerts
from service.updates import send, steps
from service.updates.queries.once import insert_once
from service.updates.tell import compose
from tests import make


@pytest.fixture
def rows(db):
    def all_of(table):
        with db.read() as session:
            return session.query(table).all()

    return all_of


@pytest.fixture
def change(db, alert):
    """Change the alert as somebody of operations would: `change(lambda session, alert: …)`."""

    def apply(move):
        with db.begin() as session:
            move(session, alerts.alert(session, alert.id))

    return apply


def text(mail):
    return mail.get_body(("plain",)).get_content()


def test_a_silent_operations_does_not_mean_an_untold_rep(alert, tick, later, mailbox):
    later(minutes=179)
    tick()
    assert mailbox.to("rita@example.com") == []

    later(minutes=1)
    tick()

    (plain,) = mailbox.to("rita@example.com")
    assert "Operations was asked but has not yet said what is wrong." in text(plain)


def test_a_plain_heads_up_comes_once(alert, tick, later, mailbox):
    later(hours=4)

    for _ in range(3):
        tick()
        later(hours=1)

    assert len(mailbox.to("rita@example.com")) == 1


def test_an_acknowledged_alert_without_words_still_tells_the_rep(change, tick, later, mailbox):
    change(lambda session, alert: verbs.acknowledge(session, alert, by="ola", now=make.MONDAY))
    later(hours=4)

    tick()

    assert "Operations has seen the alert but" in text(mailbox.mails[0])


def test_a_sleeping_or_answered_alert_gets_no_plain_heads_up(change, tell, alert, tick, later, db, rows):  # noqa: PLR0917
    tell(alert)
    with db.begin() as session:
        asleep = make.alert(session, make.account(session), snoozed_until=make.MONDAY + timedelta(days=1))
    later(hours=4)

    tick()

    assert [each.kind for each in rows(Update)] == [UpdateKind.WRITTEN]
    assert asleep.id not in {each.alert_id for each in rows(Update)}


def test_two_workers_write_one_plain_heads_up_and_one_mail(alert, db, settings, later, rows):
    now = later(hours=4)
    steps.tell_plainly(db, settings, now=now)

    with db.begin() as session:
        row = vars(rows(Update)[0]).copy()
        row.pop("_sa_instance_state")
        assert insert_once(session, Update, row) is None
    compose(db, settings, now=now)
    compose(db, settings, now=now)

    assert (len(rows(Update)), len(rows(Mail))) == (1, 1)


def test_the_assignee_hears_once_that_a_promised_update_is_late(change, tell, alert, tick, later, mailbox, db, rows):  # noqa: PLR0917
    with db.begin() as session:
        make.operator(session)
        make.operator(session, "lena@example.com", Role.LEAD)
    tell(alert)
    change(lambda session, alert: verbs.assign(session, alert, "ola@example.com", by="lena", now=make.MONDAY))
    later(hours=5)

    tick()
    tick()

    (late,) = mailbox.to("ola@example.com")
    assert late["subject"] == "The update about Northwind Foods is late"
    assert f"/alerts/{alert.id}" in text(late)
    assert mailbox.to("lena@example.com") == []
    assert rows(Update)[0].late_raised_at


def test_an_update_that_was_followed_by_another_is_not_late(tell, alert, tick, later, rows):
    tell(alert)
    later(hours=3)
    tell(alert)
    later(hours=2)

    tick()

    assert [each.late_raised_at for each in rows(Update)] == [None, None]


def test_every_lead_hears_of_an_alert_that_nobody_answers(alert, tick, later, mailbox, db):
    with db.begin() as session:
        make.operator(session)
        make.operator(session, "lena@example.com", Role.LEAD)
        make.operator(session, "leo@example.com", Role.LEAD)
    later(minutes=61)

    tick()
    tick()

    assert sorted(recipient for recipient, _ in mailbox.delivered) == ["lena@example.com", "leo@example.com"]
    assert "nobody has taken it" in text(mailbox.mails[0])


def test_a_rep_who_is_assigned_later_gets_the_mail_then(tick, tell, db, mailbox):
    with db.begin() as session:
        orphan = make.account(session, rep=None)
        alert = make.alert(session, orphan)
    tell(alert)
    tick()
    assert mailbox.delivered == []

    with db.begin() as session:
        accounts.account(session, orphan.external_id).rep = make.rep(session, email="omar@example.com")
    tick()

    assert len(mailbox.to("omar@example.com")) == 1


def test_a_mail_to_a_rep_who_lost_the_account_goes_to_the_new_one(alert, tell, db, settings, tick, mailbox, rows):  # noqa: PLR0917
    tell(alert)
    compose(db, settings, now=make.MONDAY)
    with db.begin() as session:
        alerts.alert(session, alert.id).account.rep = make.rep(session, email="omar@example.com")

    tick()
    tick()

    assert [recipient for recipient, _ in mailbox.delivered] == ["omar@example.com"]
    assert {mail.state for mail in rows(Mail)} == {MailState.SUPPRESSED, MailState.SENT}


def test_an_account_that_comes_back_to_its_rep_still_tells_once(alert, tell, db, settings, tick, mailbox):  # noqa: PLR0917
    tell(alert)
    for rep in ("omar", "rita"):
        compose(db, settings, now=make.MONDAY)
        with db.begin() as session:
            account = alerts.alert(session, alert.id).account
            back = session.query(Rep).filter(Rep.email == f"{rep}@example.com").one_or_none()
            account.rep = back or make.rep(session, email=f"{rep}@example.com")
        tick() if rep == "rita" else send.send(db, settings, now=make.MONDAY)

    tick()

    assert [recipient for recipient, _ in mailbox.delivered] == ["rita@example.com"]


def test_a_rep_whose_address_changed_gets_the_mail_at_the_new_one(alert, tell, db, settings, tick, mailbox):  # noqa: PLR0917
    tell(alert)
    compose(db, settings, now=make.MONDAY)
    with db.begin() as session:
        session.query(Rep).one().email = "rita.reyes@example.com"

    tick()
    tick()

    assert [recipient for recipient, _ in mailbox.delivered] == ["rita.reyes@example.com"]


def test_a_plain_heads_up_is_kept_back_when_operations_has_written_since(  # noqa: PLR0917
    alert, tell, db, settings, later, mailbox, tick, rows
):
    now = later(hours=4)
    steps.tell_plainly(db, settings, now=now)
    compose(db, settings, now=now)
    later(minutes=1)
    tell(alert)

    tick()

    (mail,) = mailbox.to("rita@example.com")
    assert "Ola Berg" in text(mail)
    assert [each.last_error for each in rows(Mail) if each.state is MailState.SUPPRESSED] == [
        "Operations has written an update since."
    ]


@pytest.mark.parametrize("end", ["resolve", "mark_wrong"])
def test_a_plain_heads_up_is_kept_back_when_the_alert_has_ended(change, alert, db, settings, later, mailbox, tick, end):  # noqa: PLR0917
    now = later(hours=4)
    steps.tell_plainly(db, settings, now=now)
    compose(db, settings, now=now)
    change(lambda session, alert: getattr(verbs, end)(session, alert, "Done.", by="ola", now=now))

    tick()
    tick()

    assert mailbox.delivered == []


def test_words_about_a_wrong_alert_are_kept_back(change, alert, tell, later, mailbox, tick):  # noqa: PLR0917
    tell(alert)
    change(lambda session, alert: verbs.mark_wrong(session, alert, "No.", by="ola", now=make.MONDAY))

    tick()

    assert mailbox.delivered == []


def test_a_fix_before_the_mail_went_out_is_told_together_with_what_was_wrong(change, alert, tell, mailbox, tick, rows):  # noqa: PLR0917
    tell(alert)
    change(lambda session, alert: verbs.resolve(session, alert, "A van was added.", by="ola", now=make.MONDAY))

    tick()
    tick()

    (mail,) = mailbox.mails
    assert "is fixed" in mail["subject"]
    assert "A van was added." in text(mail)
    assert "Two drivers are off sick" in text(mail)
    assert len({row.mail_id for row in rows(Telling)}) == 1


def test_one_mail_that_cannot_be_composed_keeps_no_other_back(alert, tell, tick, db, mailbox):
    with db.begin() as session:
        broken = make.alert(session, make.account(session), reasons=[{"no": "sentence"}])
    tell(broken)
    tell(alert)

    tick()

    assert [recipient for recipient, _ in mailbox.delivered] == ["rita@example.com"]
    with db.read() as session:
        assert "1 of 2 mails could not be composed" in session.get(WorkerStep, "compose").error
