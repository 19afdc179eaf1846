"""S07, S18, S19: it reaches nothing that it need not, runs as nobody in particular, and brings no secrets along."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from starlette.testclient import TestClient

from service import worker
from service.access import audit
from service.app import create_app
from service.kit.database import Database
from service.kit.settings import Settings
from tests import make
from tests.conftest import ON_POSTGRESQL
from tests.house.repository import ROOT, files
from tests.security.tour import WRITES, Tour, go

# What can open a connection, and which modules may: mail, the listening socket, the demo that drives its own API.
REACHING = {"httpx2", "httpx", "requests", "aiohttp", "urllib3", "urllib.request", "http.client", "socket", "smtplib"}
REACHING |= {"imaplib", "poplib", "ftplib", "telnetlib", "dns", "ssl"}
MAY_REACH = {
    "service/updates/smtp.py",  # the relay that the administrator names
    "service/updates/answers.py",  # names the errors of that dialogue
    "service/replies/imap.py",  # the mailbox that the administrator names
    "service/commands/health.py",  # `headsup check` knocks at that relay
    "service/commands/mail_records.py",  # `headsup mail check` asks for the records of the sender's domain
    "service/commands/run.py",  # listens
    "service/commands/demo.py",
}


def test_nothing_in_the_service_can_fetch_an_address():
    found = set()
    for path in files("service/*.py", "models/*.py"):
        name = str(path.relative_to(ROOT))
        if name in MAY_REACH or name.startswith("service/demo/"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            imported = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            imported += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found |= {f"{name}: {each}" for each in imported if each in REACHING or each.split(".")[0] in REACHING}

    assert found == set()


CONNECTIONS = []
sys.addaudithook(lambda name, what: CONNECTIONS.append(what[1]) if name == "socket.connect" else None)


def test_no_address_that_somebody_sends_is_ever_connected_to(api, ola, db, settings, clock):
    words = ("account name", "rep name", "segment", "metric label", "complaint", "cause", "owner", "fix", "say", "note")
    tour = Tour(api, ola, db, settings, dict.fromkeys(words, "http://127.0.0.1:9/canary"))
    CONNECTIONS.clear()

    for route in WRITES:
        go(tour, route)
    worker.tick(db, settings, now=clock.at)

    own = db.engine.url.port
    assert [where for where in CONNECTIONS if not isinstance(where, tuple) or where[1] != own] == []


ROLES = ("headsup_app", "headsup_worker")


@pytest.fixture
def role(db, settings):
    """The URL of each PostgreSQL role made as docs/postgresql-role.sql says."""
    script = re.sub(r"--.*", "", (ROOT / "docs/postgresql-role.sql").read_text())
    made = [f"CREATE ROLE {name} LOGIN" for name in ROLES]
    with db.engine.begin() as connection:
        for statement in [*made, *filter(str.strip, script.split(";"))]:
            connection.execute(text(statement))
    yield lambda name: settings.database_url.replace("headsup@", f"{name}@")
    with db.engine.begin() as connection:
        for name in ROLES:
            connection.execute(text(f"DROP OWNED BY {name}"))
            connection.execute(text(f"DROP ROLE {name}"))


ON_A_SERVER = pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite has no roles")


def _as(url):
    return closing(Database(Settings(database_url=url, _env_file=None).database))


@pytest.fixture
def limited(role):
    with _as(role("headsup_app")) as db:
        yield db


@pytest.fixture
def of_the_worker(role):
    with _as(role("headsup_worker")) as db:
        yield db


@pytest.fixture
def tour(limited, api, ola, settings, clock):
    """Somebody with a key and somebody with a browser, at a service that runs as that role."""
    app = create_app(settings, limited, clock)
    browser = TestClient(app, headers=ola.headers, cookies=ola.cookies)
    return Tour(TestClient(app, headers=api.headers), browser, limited, settings)


@ON_A_SERVER
def test_everything_works_for_a_role_that_owns_nothing(limited, of_the_worker, tour, settings, clock):
    failed = {route: answer.status_code for route in WRITES if (answer := go(tour, route)[1]).status_code >= 400}
    with limited.begin() as session:
        # The tour has paused the mails of the first rep.
        account = make.account(session, external_id="one-more", rep=make.rep(session, email="ravi@example.com"))
        make.update(session, make.alert(session, account))
    done = worker.tick(of_the_worker, settings, now=clock.at)

    with limited.read() as session:
        assert audit.verify(session).sound
        errors = list(
            session.execute(text("SELECT name, error FROM worker_steps WHERE error IS NOT NULL AND name <> 'send'"))
        )
    assert (failed, errors) == ({}, [])
    assert done["compose"] > 0


@ON_A_SERVER
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor = 'x'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
        "DELETE FROM audit_head",
        "DROP TABLE accounts",
        "ALTER TABLE accounts ADD x int",
        "CREATE TABLE x (y int)",
        "UPDATE alembic_version SET version_num = 'x'",
    ],
)
def test_that_role_changes_neither_tables_nor_lines_of_the_audit_log(limited, statement):
    with (
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
        limited.engine.begin() as connection,
    ):
        connection.execute(text(statement))


@ON_A_SERVER
@pytest.mark.parametrize("table", ["operators", "api_keys", "login_sessions", "second_factors", "recovery_codes"])
@pytest.mark.parametrize(
    "statement", ["INSERT INTO {} DEFAULT VALUES", "SELECT 1 FROM {} FOR UPDATE", "DELETE FROM {}"]
)
def test_the_worker_s_role_lets_nobody_in(of_the_worker, statement, table):
    with pytest.raises(ProgrammingError, match="permission denied"), of_the_worker.engine.begin() as connection:
        connection.execute(text(statement.format(table)))


@pytest.fixture
def folder():
    """A folder that belongs to nobody in particular; those of pytest are closed to all but root."""
    with tempfile.TemporaryDirectory() as name:
        shutil.chown(name, 65534, 65534)
        yield Path(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.skipif(ON_POSTGRESQL, reason="the embedded database is the one that lies in the folder")
def test_nobody_in_particular_can_set_up_and_check_an_installation(folder):
    where = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "HEADSUP_DATA_DIR": str(folder)}
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", sys.executable]

    code = "import os; assert not os.access('service', os.W_OK), 'the code can be written'\n"
    code += "import sys; from service.__main__ import main; sys.argv = ['headsup', *sys.argv[1:]]; main()"
    ran = {}
    for command in ("init", "check", "key create tms --scope read", "audit verify"):
        line = [*as_nobody, "-c", code, *command.split()]
        ran[command] = subprocess.run(line, cwd=ROOT, env=where, capture_output=True, text=True, check=False)

    if "Permission denied" in ran["init"].stderr and not (folder / "settings.env").exists():
        pytest.skip("this Python lies where only root can read")
    assert {command: done.returncode for command, done in ran.items()} == dict.fromkeys(ran, 0), ran
    assert (folder / "settings.env").stat().st_mode & 0o077 == 0


SECRETS = {
    "API key": rb"hu_[0-9a-f]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}",
    "private key": rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
    "AWS key": rb"\bAKIA[0-9A-Z]{16}\b",
    "GitHub token": rb"\bgh[pousr]_[0-9A-Za-z]{36}\b",
    "Slack token": rb"\bxox[abprs]-[0-9A-Za-z-]{10,}",
    "JSON web token": rb"\beyJ[0-9A-Za-z_-]{20,}\.eyJ[0-9A-Za-z_-]{20,}\.",
    "password in a URL": rb"\b(?:postgres(?:ql)?|smtps?|https?)://[^\s:/@'\"{}<>$]+:(?!password@)[^\s@/'\"{}<>$]{6,}@(?!127|localhost|relay)",
}


def test_no_secret_is_in_the_repository():
    found = [
        f"{path.relative_to(ROOT)}: {kind}"
        for path in files("*")
        if path.stat().st_size < 2_000_000
        for kind, pattern in SECRETS.items()
        if re.search(pattern, path.read_bytes())
    ]

    assert found == []


def test_the_security_lint_is_on_and_each_exception_says_why():
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    allowed = re.compile(r"# noqa: [A-Z0-9, ]*\bS\d+[A-Z0-9, ]*$")
    bare = []
    for path in files("service/*.py", "models/*.py", "training/*.py", "migrations/*.py"):
        lines = ["", *path.read_text().splitlines()]
        bare += [f"{path.name}: {line}" for above, line in pairwise(lines) if allowed.search(line) and "#" not in above]

    assert lint["select"] == ["ALL"]
    assert [rule for rule in lint["ignore"] if rule.startswith("S")] == ["S101"]
    assert not [
        rule for place, rules in lint["per-file-ignores"].items() if place.startswith("service") for rule in rules
    ]
    assert bare == []


def test_what_is_shipped_can_be_listed():
    ran = subprocess.run([sys.executable, "docs/sbom.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = ran.stdout
    names = set(re.findall(r"^([a-z0-9._-]+)==", Path(ROOT / "requirements.lock").read_text(), re.MULTILINE))

    assert '"bomFormat": "CycloneDX"' in lines
    assert set(re.findall(r'"name": "([^"]+)"', lines)) >= names
