"""Texts of replies and notes of bounces go when they are old and nobody waits for them."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models import Address, InboundMail, Reply
from service.keeping import actions, queries
from tests import make

OLD = make.MONDAY - timedelta(days=400)
CLOSED = {"closed_at": OLD, "closed_by": "ola@example.com"}


@pytest.fixture
def kept(db, settings):
    """Look once at what is kept, and tell what is left of replies and of notes."""

    def keep(days=365):
        actions.keep(db, settings.model_copy(update={"keep_replies_days": days}), now=make.MONDAY)
        with db.read() as session:
            bodies = set(session.scalars(select(Reply.body)))
            return bodies, set(session.scalars(select(InboundMail.key)))

    return keep


def test_old_replies_lose_their_text_once_they_are_answered(db, kept):
    with db.begin() as session:
        waits, answered = (make.alert(session, make.account(session)) for _ in range(2))
        make.reply(session, waits, body="closed", received_at=OLD, **CLOSED)
        make.reply(session, waits, body="waits", received_at=OLD)
        make.reply(session, answered, body="answered", received_at=OLD)
        make.update(session, answered, written_at=OLD + timedelta(hours=1))
        make.reply(session, answered, body="new", **CLOSED)

    assert kept()[0] == {"", "waits", "new"}


def test_old_notes_of_mails_go_but_for_what_nobody_could_read(db, kept):
    with db.begin() as session:
        make.inbound(session, key="bounce", kind="bounce", received_at=OLD)
        make.inbound(session, key="unread", received_at=OLD)
        make.inbound(session, key="seen", received_at=OLD, **CLOSED)
        make.inbound(session, key="new", kind="bounce")
        make.address(session, last_at=OLD)

    assert kept()[1] == {"unread", "new"}
    with db.read() as session:
        assert session.scalars(select(Address)).one().stopped_why == "hard"


def test_zero_days_keep_them_for_ever(db, kept):
    with db.begin() as session:
        make.inbound(session, key="bounce", kind="bounce", received_at=OLD)

    assert kept(days=0)[1] == {"bounce"}
    with db.read() as session:
        assert queries.oldest(session)["replies"] is None
