"""Several workers at once say everything once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from models import Mail, MailState, Role, Update
from service.updates import send, steps, tell
from tests import make

WORKERS, ACCOUNTS = 4, 12


def together(step, db, settings, now):
    """Run a step in several workers at the same time, twice each."""
    with ThreadPoolExecutor(WORKERS) as workers:
        rounds = [workers.submit(step, db, settings, now=now) for _ in range(2 * WORKERS)]
    return sum(each.result() for each in rounds)


def test_workers_that_tell_plainly_compose_and_send_at_once_tell_each_rep_once(db, settings, mailbox):
    with db.begin() as session:
        for _ in range(ACCOUNTS):
            make.alert(session, make.account(session))
    now = make.MONDAY + timedelta(hours=4)

    done = [together(step, db, settings, now) for step in (steps.tell_plainly, tell.compose, send.send)]

    assert done == [ACCOUNTS] * 3
    assert set(Counter(recipient for recipient, _ in mailbox.delivered).values()) == {1}
    with db.read() as session:
        assert session.query(Update).count() == ACCOUNTS
        assert {mail.state for mail in session.query(Mail)} == {MailState.SENT}


def test_workers_that_look_for_late_updates_at_once_raise_each_once(db, settings):
    with db.begin() as session:
        for lead in ("lena@example.com", "leo@example.com"):
            make.operator(session, lead, Role.LEAD)
        for _ in range(ACCOUNTS):
            make.update(session, make.alert(session, make.account(session)))

    assert together(steps.raise_late, db, settings, make.MONDAY + timedelta(hours=5)) == ACCOUNTS

    with db.read() as session:
        assert session.query(Mail).count() == 2 * ACCOUNTS
