"""Who calls with which key, remembered for a moment: who polls by the hundred is not looked up each time."""

from datetime import datetime, timedelta
from functools import partial

from service.access import actions, queries
from service.access.rules import Caller, split_key
from service.kit.database import Database
from service.kit.shared import Shared

REMEMBERED = timedelta(seconds=2)
"""So long a key may still open what it opened, after another process has ended it; in this one it ends at once."""


class Callers:
    """The keys that were looked up in the last two seconds, in this process's memory."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._known: dict[tuple[str, str], tuple[object, datetime, Caller]] = {}

    async def find(self, db: Database, text: str, *, now: datetime) -> Caller:
        """Tell who calls with this key.

        Raises:
            KeyInvalid: unknown, expired or revoked; which of them is not told.
        """
        key, changes = split_key(text), actions.KEY_CHANGES.current
        if known := self._known.get(key):
            seen, at, caller = known
            if seen is changes and timedelta() <= now - at < REMEMBERED:
                return caller
        return await self._shared.get(("key", key, changes), partial(self._look_up, db, text, key, changes, now))

    def _look_up(self, db: Database, text: str, key: tuple[str, str], changes: object, now: datetime) -> Caller:
        self._known.pop(key, None)
        with db.read() as session:
            caller, unnoted = actions.authenticate_key(session, text, now=now)
        if unnoted and caller.api_key_id is not None:
            with db.begin() as session:
                queries.mark_key_used(session, caller.api_key_id, now=now)
        self._known[key] = changes, now, caller
        return caller
