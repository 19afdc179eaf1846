"""The stage of every test: a migrated database, the real app, a clock that stands still.

`HEADSUP_TEST_DATABASE=postgresql` runs the same tests on PostgreSQL.
"""

import os
import shutil
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from sqlalchemy import text
from starlette.testclient import TestClient

from models import Base, Role, Scope
from service.access import actions, sessions
from service.app import create_app
from service.console.headers import session_cookie
from service.kit import schema
from service.kit.clock import SetClock
from service.kit.database import Database, Session
from service.kit.settings import Settings
from tests import make, postgres

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-gpu"]
PASSWORD = "correct horse battery"
# What a browser says of itself with every request from our own pages.
HTML = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
# Mail goes out at once, unless a test is about when it goes.
AT_ONCE = {
    "group_seconds": 0,
    "work_days": "1234567",
    "quiet_hours": "00:00-00:00",
    "digest_day": 0,
    "mails_per_minute": 1_000_000,
}
ON_POSTGRESQL = os.environ.get("HEADSUP_TEST_DATABASE") == "postgresql"
EVERYTHING = os.environ.get("HEADSUP_FAULTS") == "full"
SAME_SUMS = pytest.mark.skipif(
    ON_POSTGRESQL and not EVERYTHING, reason="minutes of sums over what other tests read from either database"
)


def pytest_collection_modifyitems(config, items):
    """On PostgreSQL leave out what would only say again what it has said on SQLite."""
    if ON_POSTGRESQL and not EVERYTHING:
        config.hook.pytest_deselected(items=[item for item in items if not _may_differ(item)])
        items[:] = filter(_may_differ, items)


def _may_differ(item):
    """Whether a test asks for a database, or says itself which one it is for. A browser is shown the same pages."""
    asked = set(item.fixturenames)
    says = any(mark.args == (False,) for mark in item.iter_markers("skipif"))
    return says or bool(asked & {"_empty", "durable_server"} and "chromium" not in asked)


@pytest.fixture(scope="session")
def _empty(tmp_path_factory):
    """A migrated, empty database: the file that each test copies, or the server's URL."""
    if not ON_POSTGRESQL:
        path = tmp_path_factory.mktemp("empty") / "headsup.db"
        db = Database(f"sqlite:///{path}")
        schema.upgrade(db)
        db.close()
        yield str(path)
        return
    with postgres.server() as url:
        db = Database(Settings(database_url=url).database)
        schema.upgrade(db)
        db.close()
        yield url


@pytest.fixture
def settings(_empty, tmp_path):
    """Settings of a fresh installation."""
    url = _empty if ON_POSTGRESQL else ""
    return Settings(
        data_dir=tmp_path,
        database_url=url,
        secret_key="k" * 43,
        signing_key="c2lnbmluZy1rZXktb2YtdGhlLXRlc3Qtc3VpdGUtMDE=",
        **AT_ONCE,
        _env_file=None,
    )


@pytest.fixture(scope="session")
def _emptied(_empty):
    """Empty PostgreSQL's tables again, whatever a test left there."""
    db = Database(Settings(database_url=_empty).database)
    tables = sorted(Base.metadata.tables)
    # A table that is truncated gets new files, which takes 50 ms for all of them; to delete takes less than one.
    deletes = [f'DELETE FROM "{name}"' for name in tables]  # noqa: S608  the names are ours
    big = "SELECT relname FROM pg_class WHERE relkind = 'r' AND pg_relation_size(oid) > 500000"
    begin_at_one = "SELECT setval(quote_ident(sequencename)::regclass, 1, false) FROM pg_sequences"

    def emptied():
        with db.engine.begin() as connection:
            if found := sorted({*connection.scalars(text(big))} & {*tables}):
                connection.execute(text(f"TRUNCATE {', '.join(found)} CASCADE"))
            connection.exec_driver_sql("; ".join(["SET LOCAL session_replication_role = replica", *deletes]))
            connection.execute(text(f"{begin_at_one} WHERE last_value IS NOT NULL"))

    yield emptied
    db.close()


@pytest.fixture
def db(_empty, settings, request):
    """A database of its own, migrated and empty."""
    if ON_POSTGRESQL:
        request.getfixturevalue("_emptied")()
    else:
        shutil.copy(_empty, Path(settings.data_dir) / "headsup.db")
    db = Database(settings.database)
    yield db
    db.close()


@pytest.fixture
def session(db):
    """A transaction for tests below the door; it is thrown away."""
    with Session(db.engine) as session:
        yield session


@pytest.fixture
def clock():
    """A clock that stands at Monday noon until a test moves it."""
    return SetClock(make.MONDAY)


@pytest.fixture
def later(clock):
    """Move the clock: `later(hours=3)`."""

    def move(**span):
        clock.at += timedelta(**span)
        return clock.at

    return move


@pytest.fixture(scope="session")
def _apps():
    """The first app that a test asks for."""
    return []


@pytest.fixture
def app(settings, db, clock, _apps):
    """The application. What its routes take (60 ms), and their description (400), are worked out for all apps once."""
    app = create_app(settings, db, clock)
    _apps[:] = _apps or [app]
    app.router.routes[:] = _apps[0].router.routes
    app.openapi = _apps[0].openapi
    return app


@pytest.fixture
def operator(db):
    """Add an operator whose password is `PASSWORD`."""

    def add(email="ola@example.com", role=Role.AGENT, **facts):
        with db.begin() as session:
            return make.operator(session, email, role, password_hash=_password_hash(), **facts)

    return add


@cache
def _password_hash():
    return actions.HASHER.hash(PASSWORD)


@pytest.fixture
def browser_of(app, db, settings, clock, operator):
    """Give the browser of an operator who has signed in. What the login does is tested where it is about that."""

    def signed_in(email="ola@example.com", role=Role.AGENT):
        operator(email, role)
        with db.begin() as session:
            token = sessions.open_session(session, email, time_zone="UTC", now=clock.at)
        browser = TestClient(app, headers=HTML, raise_server_exceptions=False)
        browser.cookies.set(session_cookie(https=settings.https), token, domain="testserver.local", path="/")
        return browser

    return signed_in


@pytest.fixture
def ola(browser_of):
    """The browser of Ola, an agent."""
    return browser_of()


@pytest.fixture
def client_with(app, db, clock):
    """Make an API client whose key has the given scopes."""

    def client(*scopes):
        with db.begin() as session:
            key = actions.create_key(session, "test", [Scope(scope) for scope in scopes], by="test", now=clock.at)
        return TestClient(app, headers={"Authorization": f"Bearer {key}"}, raise_server_exceptions=False)

    return client


@pytest.fixture
def api(client_with):
    """An API client that may do everything."""
    return client_with("admin")


@pytest.fixture(scope="session")
def chromium():
    if not CHROMIUM.exists() and os.environ.get("HEADSUP_TEST_BROWSER") != "required":
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()
