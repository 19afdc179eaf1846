"""Read the inbound mailbox: a step of the worker, in a loop of its own.

A message is moved away after what it means has been committed. If the worker dies in between, the message is there
again, and is known by its Message-ID; so are those that two workers fetch at once.
"""

from datetime import datetime

from models import InboundKind
from service.kit import crash
from service.kit.database import Database
from service.kit.settings import Settings
from service.replies import actions, imap
from service.replies.sorting import Sorted, sort

PER_ROUND = 100
# What is for people to look at stays out of the way of what was dealt with.
FOR_PEOPLE = frozenset({InboundKind.FOREIGN, InboundKind.UNREADABLE})


def read(db: Database, settings: Settings, *, now: datetime) -> int:
    """Take in the messages of the mailbox, at most 100; return how many were new.

    Raises:
        MailboxAway: it cannot be read.
    """
    if not settings.inbound_url or not settings.inbound_address:
        return 0
    done = 0
    with imap.opened(settings.inbound_url) as mailbox:
        for number in mailbox.numbers()[:PER_ROUND]:
            if (content := mailbox.content(number)) is None:
                continue
            mail = sort(content, settings)
            done += _take_in(db, mail, now=now)
            crash.point("inbound-taken")
            mailbox.move(number, imap.ASIDE if mail.kind in FOR_PEOPLE else imap.DONE)
    return done


def _take_in(db: Database, mail: Sorted, *, now: datetime) -> bool:
    with db.begin() as session:
        return actions.take_in(session, mail, now=now)
