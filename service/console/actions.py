"""What people put right in the console and nowhere else."""

from datetime import datetime

from models import Account
from service.accounts.actions import put_account
from service.accounts.schemas import AccountIn, AccountOut
from service.kit.database import Session


def name_rep(session: Session, account: Account, email: str, name: str | None, *, by: str, now: datetime) -> None:
    """Say who sells to an account; all else that is known of it stays."""
    known = AccountOut.of(account).model_dump(include=set(AccountIn.model_fields))
    sent = AccountIn(**known | {"rep_email": email, "rep_name": name or None})
    put_account(session, account.external_id, sent, by=by, now=now)
