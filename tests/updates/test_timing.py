"""When news goes out: at once, in the morning, or with the day's next mail; and never lost on the way."""

from datetime import UTC, datetime, timedelta

import pytest

from models import Mail, MailState, Rep, Telling
from service import worker
from service.alerts import actions as alerts
from service.alerts import queries
from service.replies import choices
from tests import make

MORNING = datetime(2026, 3, 3, 6, 0, tzinfo=UTC)  # Tuesday, 7:00 in Berlin


@pytest.fixture
def settings(settings):
    """The hours of an ordinary company."""
    return settings.model_copy(update={"quiet_hours": "20:00-07:00", "work_days": "12345"})


@pytest.fixture
def sent(db, tick, mailbox, clock):
    """Let the worker work at a moment; tell how many mails there are then."""

    def at(moment=None):
        clock.at = moment or clock.at
        tick()
        return len(mailbox.delivered)

    return at


def text(mail):
    return mail.get_body(("plain",)).get_content()


def test_good_news_of_the_same_day_waits_for_the_next_morning(alert, tell, sent, clock, mailbox):
    tell(alert, next_update_at=clock.at + timedelta(days=3))
    assert sent() == 1
    tell(alert, cause="The second van is out.", next_update_at=clock.at + timedelta(days=3))

    assert sent(clock.at + timedelta(hours=6)) == 1
    assert sent(MORNING - timedelta(seconds=1)) == 1
    assert sent(MORNING) == 2
    assert "The second van is out." in text(mailbox.mails[1])


def test_news_is_told_when_it_was_promised_at_the_latest(alert, tell, sent, clock, mailbox):
    promised = clock.at + timedelta(hours=2)
    tell(alert, next_update_at=promised)
    assert sent() == 1
    tell(alert, cause="The second van is out.")

    assert sent(promised - timedelta(seconds=1)) == 1
    assert sent(promised) == 2


def test_what_waited_is_told_by_the_mail_that_could_not(alert, tell, sent, clock, db, mailbox):  # noqa: PLR0917
    tell(alert, next_update_at=clock.at + timedelta(days=3))
    assert sent() == 1
    tell(alert, cause="One driver is back.")
    tell(alert, cause="The road is closed.", urgent=True)

    assert sent() == 2
    assert "One driver is back." in text(mailbox.mails[1])
    with db.read() as session:
        assert len({each.mail_id for each in session.query(Telling)}) == 2
        assert session.query(Telling).count() == 3
    assert sent(MORNING) == 2


def worse(session, alert):
    queries.alert(session, alert.id).risk = 0.97


def ended(session, alert):
    alerts.resolve(session, queries.alert(session, alert.id), "Done.", by="ola", now=make.MONDAY)


@pytest.mark.parametrize("happens", [worse, ended])
def test_what_got_worse_or_ended_is_told_at_once(alert, tell, sent, db, happens):
    tell(alert, next_update_at=make.MONDAY + timedelta(days=3))
    assert sent() == 1
    with db.begin() as session:
        happens(session, alert)
    if happens is worse:
        tell(alert, cause="Both vans are out.")

    assert sent() == 2


def test_a_promise_that_was_missed_is_made_good_at_once(alert, tell, sent, clock):
    tell(alert, next_update_at=clock.at + timedelta(hours=1))
    assert sent() == 1
    clock.at += timedelta(hours=2)
    tell(alert, cause="We know more now.")

    assert sent() == 2


def test_operations_words_follow_a_plain_heads_up_at_once(alert, tell, sent, clock):
    assert sent(clock.at + timedelta(hours=3)) == 1
    tell(alert)

    assert sent() == 2


@pytest.mark.parametrize(
    ("urgent", "breaks", "by_night", "by_day"), [(False, True, 0, 1), (True, True, 1, 1), (True, False, 0, 1)]
)
def test_only_what_is_urgent_breaks_quiet_hours(  # noqa: PLR0917
    db, settings, alert, tell, clock, mailbox, urgent, breaks, by_night, by_day
):
    settings = settings.model_copy(update={"urgent_breaks_quiet": breaks})
    clock.at = MORNING - timedelta(hours=5)
    tell(alert, urgent=urgent)

    worker.tick(db, settings, now=clock.at)
    assert len(mailbox.delivered) == by_night
    worker.tick(db, settings, now=MORNING)
    assert len(mailbox.delivered) == by_day


@pytest.mark.parametrize(
    ("hours", "came"),
    [
        ({}, datetime(2026, 4, 6, 5, 0, tzinfo=UTC)),
        ({"holidays": "DE"}, datetime(2026, 4, 7, 5, 0, tzinfo=UTC)),
        ({"work_days": "6"}, datetime(2026, 4, 4, 5, 0, tzinfo=UTC)),
        ({"quiet_hours": "00:00-00:00", "work_days": "1234567"}, datetime(2026, 4, 3, 20, 0, tzinfo=UTC)),
        ({"quiet_hours": "18:00-09:30"}, datetime(2026, 4, 6, 7, 30, tzinfo=UTC)),
    ],
)
def test_a_rep_has_hours_of_its_own(db, alert, tell, sent, clock, hours, came):  # noqa: PLR0917
    clock.at = datetime(2026, 4, 3, 20, 0, tzinfo=UTC)  # Good Friday, 22:00 in Berlin
    with db.begin() as session:
        for name, value in hours.items():
            setattr(session.query(Rep).one(), name, value)
    tell(alert)

    assert sent() == (1 if came == clock.at else 0)
    assert sent(max(clock.at, came - timedelta(seconds=1))) == (1 if came <= clock.at else 0)
    assert sent(came) == 1


def test_a_mail_that_was_held_up_until_the_night_waits_for_the_morning(alert, tell, sent, mailbox, clock):
    mailbox.will("RCPT", "451 later")
    clock.at = datetime(2026, 3, 2, 18, 59, 50, tzinfo=UTC)
    tell(alert)

    assert sent() == 0
    assert sent(clock.at + timedelta(hours=3)) == 0
    assert sent(MORNING) == 1


def test_several_accounts_of_a_rep_at_once_are_one_mail(db, settings, tell, mailbox, clock):
    settings = settings.model_copy(update={"group_seconds": 60})
    with db.begin() as session:
        rita = make.rep(session, email="rita@example.com")
        names = ["Northwind Foods", "Contoso", "Fabrikam"]
        raised = [make.alert(session, make.account(session, rep=rita, name=name)) for name in names]
    for second, alert in enumerate(raised):
        clock.at = make.MONDAY + timedelta(seconds=20 * second)
        tell(alert)
        worker.tick(db, settings, now=clock.at)
    assert mailbox.delivered == []

    worker.tick(db, settings, now=make.MONDAY + timedelta(seconds=60))
    worker.tick(db, settings, now=make.MONDAY + timedelta(seconds=200))

    (mail,) = mailbox.mails
    assert all(name in text(mail) for name in names)


def test_a_group_is_taken_apart_when_one_of_it_is_over_before_it_went_out(db, settings, tell, tick, mailbox):
    with db.begin() as session:
        rita = make.rep(session, email="rita@example.com")
        raised = [make.alert(session, make.account(session, rep=rita, name=name)) for name in ("Contoso", "Fabrikam")]
    for alert in raised:
        tell(alert)
    worker.tick(db, settings.model_copy(update={"smtp_url": "smtp://127.0.0.1:9"}), now=make.MONDAY)
    with db.begin() as session:
        alerts.mark_wrong(session, queries.alert(session, raised[0].id), "No.", by="ola", now=make.MONDAY)

    for minutes in (3, 6):
        worker.tick(db, settings, now=make.MONDAY + timedelta(minutes=minutes))

    (mail,) = mailbox.mails
    assert "Fabrikam" in text(mail)
    assert "Contoso" not in text(mail)
    with db.read() as session:
        assert {each.state for each in session.query(Mail)} == {MailState.SUPPRESSED, MailState.SENT}
        assert {each.reason for each in session.query(Telling)} == {
            "",
            "The alert was called wrong before the mail went out.",
        }


def test_later_news_joins_the_thread_of_the_first_mail(alert, tell, sent, mailbox, clock):
    for hour in range(3):
        clock.at = make.MONDAY + timedelta(hours=hour)
        tell(alert, cause=f"Word {hour}.", urgent=True)
        sent()

    first, second, third = mailbox.mails
    assert second["subject"] == third["subject"] == f"Re: {first['subject']}"
    assert third["in-reply-to"] == second["message-id"]
    assert third["references"].split() == [*first["references"].split(), first["message-id"], second["message-id"]]


def test_a_pressed_button_counts_for_every_account_of_a_group(db, tell, tick):
    with db.begin() as session:
        rita = make.rep(session, email="rita@example.com")
        raised = [make.alert(session, make.account(session, rep=rita, name=name)) for name in ("Contoso", "Fabrikam")]
    for alert in raised:
        tell(alert)
    tick()
    with db.begin() as session:
        (mail,) = session.query(Mail)
        choices.acknowledge(session, mail.id, knew=False, now=make.MONDAY)

    with db.read() as session:
        told = [[event.kind for event in queries.events(session, alert.id)] for alert in raised]
    assert all(kinds.count("rep_acknowledged") == kinds.count("rep_told") == 1 for kinds in told)
