"""The risk list as it was read a moment ago: dashboards poll by the thousand, the tables are read once for a change."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from service.kit.database import Database
from service.kit.shared import Shared
from service.risk import queries

SECONDS = 0.25
"""So old may the list be that is taken for the present. What this process itself has committed is always in it."""
MOST_PAGES = 32

Version = tuple[Any, ...]


@dataclass(frozen=True)
class Page:
    """A page of the list, written out. `following` is the cursor of the next one."""

    etag: str
    content: bytes
    following: str | None


class Newest:
    """The version that the list has, and the pages of it that were asked for."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._seen: tuple[Version, object, float] | None = None
        self._pages: dict[str, Page] = {}

    async def version(self, db: Database, today: date) -> Version:
        """Changes whenever the list may have changed."""
        written = db.written.current
        if self._seen is not None:
            version, since, until = self._seen
            if since is written and time.monotonic() < until:
                return (*version, today)
        return (*await self._shared.get(("version", written), partial(self._look, db)), today)

    async def page(self, etag: str, build: Callable[[], Page]) -> Page:
        """The page of that ETag, or the one which is in its place by now."""
        if page := self._pages.get(etag):
            return page
        return await self._shared.get(("page", etag), partial(self._built, build))

    def _look(self, db: Database) -> Version:
        written, until = db.written.current, time.monotonic() + SECONDS
        with db.read() as session:
            version = queries.version(session)
        if self._seen is None or self._seen[0] != version:
            self._pages = {}
        self._seen = version, written, until
        return version

    def _built(self, build: Callable[[], Page]) -> Page:
        page = build()
        if len(self._pages) >= MOST_PAGES:
            self._pages = {}
        self._pages[page.etag] = page
        return page
