"""What people put right in the console and nowhere else."""

from datetime import datetime

from models import Account, Mail, MailState
from service.access.actions import record
from service.accounts.actions import put_account
from service.accounts.schemas import AccountIn, AccountOut
from service.kit.database import Session
from service.kit.errors import Conflict
from service.updates.queries import owed


class MailNotStuck(Conflict):
    """This mail is on its way or has arrived."""


def send_again(session: Session, mail: Mail, *, by: str, now: datetime) -> None:
    """Put a mail that was given up back into the outbox; it goes out with the bytes it always had.

    One that could never be composed has none. It is taken away, and what it was to tell is composed anew.

    Raises:
        MailNotStuck: it was not given up.
    """
    if mail.state not in {MailState.PARKED, MailState.SUPPRESSED}:
        raise MailNotStuck("Only parked and suppressed mails can be sent again.")
    if mail.state is MailState.PARKED and not mail.content:
        owed.release(session, mail.id)
        session.delete(mail)
        record(session, by, "mail.compose_again", str(mail.id), now=now)
        return
    mail.state, mail.next_at, mail.attempts, mail.last_error = MailState.QUEUED, now, 0, None
    record(session, by, "mail.send_again", str(mail.id), now=now)


def name_rep(session: Session, account: Account, email: str, name: str | None, *, by: str, now: datetime) -> None:
    """Say who sells to an account; all else that is known of it stays."""
    known = AccountOut.of(account).model_dump(include=set(AccountIn.model_fields))
    sent = AccountIn(**known | {"rep_email": email, "rep_name": name or None})
    put_account(session, account.external_id, sent, by=by, now=now)
