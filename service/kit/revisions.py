"""A mark that changes with what this process commits, so that what was read before is not taken for the present."""

from sqlalchemy import event
from sqlalchemy.orm import Session


class Revision:
    """Holds a mark: two looks at `current` that are the same object have no change of ours in between."""

    def __init__(self) -> None:
        # An object and no number: threads that count at the same time could count back.
        self.current = object()

    def renew(self) -> None:
        self.current = object()

    def renew_after(self, session: Session) -> None:
        """Renew it as soon as this session's transaction is committed."""
        event.listen(session, "after_commit", lambda _session: self.renew(), once=True)
