"""The real thing, on a clock that the demo sets: web server, worker, mail."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import httpx2
import uvicorn

from models import Scope
from service import worker
from service.access import actions
from service.app import create_app
from service.demo.mailbox import Mailbox
from service.kit.clock import SetClock
from service.kit.database import Database
from service.kit.settings import Settings

START_SECONDS = 20


@dataclass(frozen=True)
class Stage:
    """A running Headsup; `client` has a key that may do everything, `visitor` has none and follows redirects."""

    settings: Settings
    db: Database
    clock: SetClock
    client: httpx2.Client
    visitor: httpx2.Client
    mailbox: Mailbox

    def tick(self) -> None:
        """Let the worker do one round at the clock's time."""
        worker.tick(self.db, self.settings, now=self.clock.now())


@contextmanager
def set_up(settings: Settings, db: Database, at: datetime, mailbox: Mailbox) -> Iterator[Stage]:
    """Serve on a free port with a key of its own, until the block ends."""
    clock = SetClock(at)
    with db.begin() as session:
        key = actions.create_key(session, "demo", [Scope.ADMIN], by="demo", now=at)
    with _serving(uvicorn.Server(_config(settings, db, clock))) as url:
        client = httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60)
        visitor = httpx2.Client(base_url=url, follow_redirects=True, timeout=60)
        with client, visitor:
            yield Stage(settings, db, clock, client, visitor, mailbox)


def _config(settings: Settings, db: Database, clock: SetClock) -> uvicorn.Config:
    app = create_app(settings, db, clock)
    return uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off")


@contextmanager
def _serving(server: uvicorn.Server) -> Iterator[str]:
    thread = threading.Thread(target=server.run, name="demo-web", daemon=True)
    thread.start()
    give_up = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > give_up:
            raise RuntimeError("the web server did not start")
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
