"""The clock is set forward and back: nothing gets stuck, nothing comes twice."""

import random
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from models import Mail, MailState
from service import worker
from service.updates.queries import outbox
from tests import make
from tests.faults.conftest import size

LEASE = timedelta(minutes=3)
JUMPS = (timedelta(hours=-3), timedelta(days=7), timedelta(seconds=1), timedelta(seconds=-1), timedelta(minutes=10))


def take(db, now):
    with db.begin() as session:
        return outbox.claim(session, now=now, lease_until=now + LEASE, token=uuid4())


@pytest.mark.parametrize("jump", [timedelta(hours=-3), timedelta(days=-7), timedelta(days=7)])
def test_a_mail_of_a_worker_that_died_is_taken_over_whatever_the_clock_did_since(db, jump):
    with db.begin() as session:
        make.mail(session)
    assert take(db, make.MONDAY)

    assert take(db, make.MONDAY + jump)


def test_a_mail_that_is_being_sent_is_left_alone_when_clocks_differ_by_a_little(db):
    with db.begin() as session:
        make.mail(session)
    assert take(db, make.MONDAY)

    assert take(db, make.MONDAY - timedelta(minutes=1)) is None
    assert take(db, make.MONDAY + timedelta(minutes=2)) is None


def test_jumps_send_each_mail_once(db, settings, mailbox, clock):
    settings = settings.model_copy(update={"smtp_url": mailbox.url})
    luck = random.Random(4)  # noqa: S311  repeatable, not secret
    with db.begin() as session:
        owed = {make.mail(session, recipient=f"rep-{n}@example.com").recipient for n in range(20)}
    for _ in range(size(10, 100)):
        clock.at += luck.choice(JUMPS)
        worker.tick(db, settings, now=clock.at)
    worker.tick(db, settings, now=max(clock.at, make.MONDAY))

    with db.read() as session:
        states = set(session.scalars(select(Mail.state).where(Mail.recipient.in_(owed))))
    arrived = [recipient for recipient, _ in mailbox.delivered if recipient in owed]
    assert states == {MailState.SENT}
    assert sorted(arrived) == sorted(owed)
