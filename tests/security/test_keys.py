"""S03: keys that scanners know, that follow one another, that end at once, and that nobody can read anywhere."""

import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from models import Base, Scope
from service.access import actions, rules
from service.app import create_app
from service.kit.database import Database
from tests.conftest import PASSWORD

ROOT = Path(__file__).parents[2]
PUBLISHED = re.search(r"`(hu_\[.*?)`", (ROOT / "docs/security.md").read_text())[1]


def test_a_key_fits_the_published_pattern_and_its_checksum():
    keys = [rules.new_key() for _ in range(1_000)]

    assert all(re.fullmatch(PUBLISHED, key.text) for key in keys)
    assert len({key.text for key in keys}) == 1_000
    assert [rules.split_key(key.text) for key in keys] == [(key.public_id, key.secret_sha256) for key in keys]


def test_a_key_with_one_wrong_character_is_refused_without_asking_the_database():
    key = rules.new_key().text
    for at in range(3, len(key)):
        wrong = key[:at] + ("1" if key[at] != "1" else "2") + key[at + 1 :]
        with pytest.raises(rules.KeyInvalid):
            rules.split_key(wrong)


@pytest.fixture
def asks(app, db, clock):
    """Ask with a key; tell the status."""
    return lambda key: TestClient(app).get("/v1/metrics", headers={"Authorization": f"Bearer {key}"}).status_code


def test_two_keys_open_while_one_follows_the_other(db, clock, later, asks):
    with db.begin() as session:
        old = actions.create_key(session, "tms", [Scope.READ], by="test", now=clock.at)
    with db.begin() as session:
        new = actions.rotate_key(session, "tms", overlap=timedelta(hours=24), by="test", now=clock.at)
    assert (asks(old), asks(new)) == (200, 200)
    with db.begin() as session, pytest.raises(actions.KeyChanging):
        actions.rotate_key(session, "tms", overlap=timedelta(0), by="test", now=clock.at)

    later(hours=24)

    assert (asks(old), asks(new)) == (401, 200)


def test_a_name_ends_all_its_keys_and_a_beginning_ends_one(db, clock, asks):
    with db.begin() as session:
        keys = [actions.create_key(session, "tms", [Scope.READ], by="test", now=clock.at) for _ in range(3)]
    with db.begin() as session:
        actions.revoke_keys(session, keys[0][:15], by="test", now=clock.at)
    assert [asks(key) for key in keys] == [401, 200, 200]

    with db.begin() as session:
        actions.revoke_keys(session, "tms", by="test", now=clock.at)

    assert [asks(key) for key in keys] == [401, 401, 401]


def test_a_key_that_another_process_ends_opens_nothing_after_two_seconds(settings, clock, later, asks, cli):
    cli("init")
    key = cli("key", "create", "tms", "--scope", "read").stdout.strip()
    others = [create_app(settings, Database(settings.database), clock) for _ in range(2)]
    clients = [TestClient(app, headers={"Authorization": f"Bearer {key}"}) for app in others]
    assert {client.get("/v1/metrics").status_code for client in clients} == {200}

    where = {"HEADSUP_DATA_DIR": str(settings.data_dir), "HEADSUP_DATABASE_URL": settings.database_url}
    subprocess.run([sys.executable, "-m", "service", "key", "revoke", "tms"], env=os.environ | where, check=True)
    later(seconds=2)
    answers = {client.get("/v1/metrics").status_code for client in clients} | {asks(key)}

    assert answers == {401}
    for app in others:
        app.state.db.close()


@pytest.mark.parametrize("name", ["key", "token", "api_key", "access_token", "q"])
def test_a_key_in_an_address_is_refused_even_beside_a_good_one(api, name):
    key = api.headers["Authorization"].split()[1]

    refused = api.get(f"/v1/metrics?{name}={key}")

    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (422, "key-in-url")
    assert key not in refused.text


def test_nothing_that_is_stored_opens_anything(api, ola, db, settings, cli):
    key = api.headers["Authorization"].split()[1]
    secrets_ = [key, key.split("_")[2], *ola.cookies.values(), PASSWORD]

    with db.engine.connect() as connection:
        rows = [str(row) for table in Base.metadata.sorted_tables for row in connection.execute(select(table))]
    files = [path.read_bytes() for path in Path(settings.data_dir).rglob("*") if path.is_file()]

    assert [secret for secret in secrets_ if any(secret in row for row in rows)] == []
    assert [secret for secret in secrets_ if any(secret.encode() in content for content in files)] == []
