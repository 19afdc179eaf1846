"""The weekly mails: one a reader and week, at the hour of the reader's clock, whatever the clocks and the worker do."""

import random
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from models import Alert, Mail, MailChoice, MailKind, MailState, Rep, Telling
from service.kit.hours import Hours
from service.updates import weekly
from service.updates.queries import weekly as queries
from tests import make
from tests.faults.conftest import size

ZONES = (
    "Africa/Cairo", "Africa/Casablanca", "Africa/Johannesburg", "Africa/Lagos", "America/Anchorage", "America/Bogota",
    "America/Chicago", "America/Denver", "America/Halifax", "America/Havana", "America/Los_Angeles", "America/New_York",
    "America/Nuuk", "America/Santiago", "America/Sao_Paulo", "America/St_Johns", "Antarctica/Troll", "Asia/Beirut",
    "Asia/Dhaka", "Asia/Dubai", "Asia/Gaza", "Asia/Jerusalem", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Shanghai",
    "Asia/Tokyo", "Atlantic/Azores", "Australia/Adelaide", "Australia/Brisbane", "Australia/Lord_Howe",
    "Australia/Sydney", "Europe/Berlin", "Europe/Dublin", "Europe/London", "Pacific/Apia", "Pacific/Auckland",
    "Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Marquesas", "UTC",
)  # fmt: skip
YEARS = size(1, 3)
HOURLY = timedelta(hours=3)


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"digest_day": 1, "digest_hour": 9, "quiet_hours": "20:00-07:00"})


def looks(zone, begin, luck):
    """When a worker looks at the clock that is dead now and then: moments, and when it last came back before each."""
    minutes, hours = timedelta(minutes=1), timedelta(hours=3)
    nines = [
        datetime.combine((begin + timedelta(weeks=n)).date(), time(9), ZoneInfo(zone)) for n in range(52 * YEARS + 1)
    ]
    moments = [begin + n * hours for n in range(8 * 7 * 52 * YEARS)]
    moments += [nine.astimezone(UTC) + n * minutes for nine in nines for n in range(-3, 4)]
    backs = [begin]
    for week in range(0, 52 * YEARS, 2):
        died = begin + timedelta(weeks=week, hours=luck.uniform(0, 100))
        back = died + timedelta(hours=luck.choice((0.2, 3, 20, 50, 120)))
        moments = [moment for moment in moments if not died <= moment < back]
        backs.append(back)
    return [
        (moment, max(back for back in backs if back <= moment))
        for moment in sorted({*moments, *backs})
        if moment >= begin
    ]


@pytest.mark.parametrize("zone", ZONES)
def test_a_week_has_one_digest_at_nine_or_soon_after_the_worker_is_back(zone):
    hours, luck = Hours(zone, quiet="20:00-07:00"), random.Random(zone)  # noqa: S311  repeatable, not secret
    begin, sent = datetime(2026, 1, 5, tzinfo=UTC), {}
    looks_at = looks(zone, begin, luck)
    for now, came_back in looks_at:
        week = weekly.due_week(hours, 1, 9, now=now)
        if week is None or week.name in sent:
            continue
        sent[week.name] = now
        nine = datetime.combine(week.first_day, time(9), ZoneInfo(zone)).astimezone(UTC)
        if week.first_day > begin.date():
            back_and_open = max(nine, hours.next_open(came_back))
            assert nine <= now <= (nine if came_back < nine else back_and_open + HOURLY)

    mondays = [begin.date() + n * timedelta(weeks=1) for n in range(52 * YEARS)]
    skipped = [monday for monday in mondays if weekly.Week(monday, begin).name not in sent]
    for monday in skipped:
        next_nine = datetime.combine(monday + timedelta(weeks=1), time(9), ZoneInfo(zone)).astimezone(UTC)
        back = max(back for _, back in looks_at if back <= next_nine)
        assert hours.next_open(back) >= next_nine - timedelta(days=1) - HOURLY
    assert len(skipped) < len(mondays) / 10
    times = list(sent.values())
    assert min(after - before for before, after in pairwise(times)) >= timedelta(days=1)


@pytest.mark.parametrize(
    ("free", "day", "came"),
    [("", 1, date(2026, 4, 6)), ("DE", 1, date(2026, 4, 7)), ("", 6, date(2026, 4, 4)), ("", 5, date(2026, 4, 3))],
)
def test_a_digest_waits_for_a_working_day(free, day, came):
    hours = Hours("Europe/Berlin", "123456", "20:00-07:00", free)
    nine = hours.wall(came, time(9))

    assert weekly.due_week(hours, day, 9, now=nine).at == nine
    before = weekly.due_week(hours, day, 9, now=nine - timedelta(seconds=1))
    assert before is None or before.at < nine


@pytest.fixture
def portfolio(db):
    """Rita has an account with an alert, one that moved, and one that is fine; she has been there for weeks."""
    with db.begin() as session:
        rita = make.rep(
            session,
            email="rita@example.com",
            manager_email="mara@example.com",
            created_at=make.MONDAY - timedelta(days=30),
        )
        for name, risks in (
            ("Northwind", [0.2] * 20 + [0.9]),
            ("Contoso", [0.5] * 20 + [0.2]),
            ("Fabrikam", [0.1] * 21),
        ):
            account = make.account(session, rep=rita, name=name)
            make.score(session, account, risks[-1])
            make.risk_days(session, account, risks)
            if name == "Northwind":
                make.alert(session, account, 0.9, acknowledged_at=make.MONDAY)
            if name == "Contoso":
                make.complaint(session, account, at=make.MONDAY - timedelta(days=2))


def plain(mail):
    return mail.get_body(("plain",)).get_content()


def test_the_digest_tells_who_needs_a_call_what_changed_and_who_is_fine(portfolio, tick, mailbox):
    tick()

    (mail,) = mailbox.to("rita@example.com")
    said = plain(mail)
    assert said.index("Northwind") < said.index("Contoso") < said.index("Fabrikam")
    assert mail["list-unsubscribe"].startswith("<http")
    assert mail["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"


def test_a_digest_and_a_managers_mail_come_once_a_week(portfolio, tick, mailbox, later):
    for _ in range(8):
        tick()
        later(days=1)

    assert Counter(recipient for recipient, _ in mailbox.delivered)["mara@example.com"] == 2
    assert len([mail for mail in mailbox.mails if "weekly" in mail["list-id"]]) == 4


def test_a_good_week_is_told_too(db, tick, mailbox):
    with db.begin() as session:
        account = make.account(
            session, rep=make.rep(session, email="rita@example.com", created_at=make.MONDAY - timedelta(days=9))
        )
        make.score(session, account, 0.1)

    tick()

    assert len(mailbox.to("rita@example.com")) == 1


@pytest.mark.parametrize(
    ("choice", "mails"),
    [({"digest_day": 0}, 0), ({"digest_day": 3}, 1), ({"digest_day": 1}, 1), ({"digest_day": 1, "digest_hour": 15}, 0)],
)
def test_a_rep_chooses_the_day_and_the_hour(portfolio, db, tick, mailbox, choice, mails):  # noqa: PLR0917
    with db.begin() as session:
        for name, value in choice.items():
            setattr(session.query(Rep).one(), name, value)

    tick()

    # Noon of a Monday; last week's is made up for where this week's is not due within a day.
    assert len(mailbox.to("rita@example.com")) == mails


def test_who_ended_the_weekly_mails_gets_none(portfolio, db, tick, mailbox):
    with db.begin() as session:
        session.add(MailChoice(rep_id=session.query(Rep).one().id, digests_ended_at=make.MONDAY))

    tick()

    assert mailbox.to("rita@example.com") == []


def test_the_digest_carries_the_news_that_waited_for_the_days_mail(portfolio, db, tell, tick, mailbox, clock, later):  # noqa: PLR0917
    with db.begin() as session:
        session.query(Rep).one().digest_hour = 15
        session.add(_digest_of_last_week(session.query(Rep).one()))
        alert = make_alert(session)
    tell(alert, next_update_at=clock.at + timedelta(days=3))
    tick()
    later(minutes=1)
    tell(alert, cause="The second van is out.", next_update_at=clock.at + timedelta(days=3))
    later(hours=2)

    tick()

    heads_up, digest = mailbox.to("rita@example.com")
    assert "The second van is out." in plain(digest)
    assert "The second van is out." not in plain(heads_up)
    with db.read() as session:
        assert session.query(Telling).join(Mail, Mail.id == Telling.mail_id).filter(Mail.kind == "digest").count() == 1
    later(days=1)
    tick()
    assert len(mailbox.to("rita@example.com")) == 2


def make_alert(session):
    return session.query(Alert).one()


def _digest_of_last_week(rep):
    at = dict.fromkeys(("sent_at", "created_at", "next_at"), make.MONDAY)
    who = {"rep_id": rep.id, "recipient": rep.email, "subject": "-", "message_id": "-", "content": b""}
    return Mail(kind=MailKind.DIGEST, dedupe_key=f"digest:{rep.id}:2026-W09", state=MailState.SENT, **who, **at)


def test_the_manager_sees_who_needs_time_first(portfolio, db, tick, mailbox):
    with db.begin() as session:
        quiet = make.rep(
            session, name="Quentin", manager_email="mara@example.com", created_at=make.MONDAY - timedelta(days=9)
        )
        make.score(session, make.account(session, rep=quiet), 0.1)

    tick()

    (mail,) = mailbox.to("mara@example.com")
    assert plain(mail).index("Rita Reyes") < plain(mail).index("Quentin")
    assert "Northwind" in plain(mail)


@pytest.mark.parametrize(("kind", "waiting"), [("written", True), ("resolved", False)])
def test_an_end_is_no_heads_up_that_waits_for_the_button(session, kind, waiting):
    rita = make.rep(session)
    alert = make.alert(session, make.account(session, rep=rita))
    update = make.update(session, alert, kind=kind)
    sent = {"state": MailState.SENT, "sent_at": make.MONDAY, "rep_id": rita.id, "update_id": update.id}
    make.mail(session, kind=MailKind.HEADS_UP, **sent)

    found = queries.unacknowledged(session, [rita.id], since=make.MONDAY - timedelta(days=7))

    assert found == ({rita.id: 1} if waiting else {})
