"""A backup taken while clients send holds all that was confirmed before; what is restored from it sends nothing."""

import json
import shutil
import time

import pytest
from sqlalchemy import create_engine, select, text

from benchmarks.load_upgrade import fill
from models import Mail, MailState
from service import worker
from service.access import actions, erasure
from service.commands import backup
from service.kit import copies
from service.kit.database import Database
from service.kit.settings import Settings
from service.updates import holds
from tests import make
from tests.conftest import ON_POSTGRESQL
from tests.faults.clients import Sender, busy, confirmed_before
from tests.faults.cluster import people_of
from tests.faults.conftest import size
from tests.faults.world import look

BACKUPS = size(3, 50)


@pytest.fixture
def into_anew(tmp_path, settings):
    """Make an empty place to restore to, as often as one is wanted: its settings."""

    def make_empty():
        folder = tmp_path / "restored"
        shutil.rmtree(folder, ignore_errors=True)
        if not ON_POSTGRESQL:
            return Settings(data_dir=folder, secret_key="k" * 43, _env_file=None)
        admin = create_engine(settings.database, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("DROP DATABASE IF EXISTS restored"))
            connection.execute(text("CREATE DATABASE restored TEMPLATE template0"))
        admin.dispose()
        url = settings.database.rpartition("/")[0] + "/restored"
        return Settings(data_dir=folder, database_url=url, secret_key="k" * 43, _env_file=None)

    return make_empty


@pytest.fixture
def into(into_anew):
    """An empty place to restore to."""
    return into_anew()


def point_at(settings, monkeypatch):
    """Let commands find an installation as they do in life: by the environment."""
    monkeypatch.setenv("HEADSUP_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("HEADSUP_LOG_LEVEL", "error")
    monkeypatch.setenv("HEADSUP_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HEADSUP_SECRET_KEY", settings.secret_key.get_secret_value())


def back_up(settings, folder, monkeypatch):
    point_at(settings, monkeypatch)
    backup.backup(folder)
    return folder


def restore(folder, settings, monkeypatch):
    point_at(settings, monkeypatch)
    backup.restore(folder)
    return Database(settings.database)


def test_a_hot_backup_holds_all_rows_that_were_confirmed_before_it(  # noqa: PLR0917
    running, history, mailbox, into_anew, tmp_path, monkeypatch
):
    key, taken = running.install(), []
    accounts = people_of(running.db, 10)
    running.start()
    running.wait_ready()
    with busy([Sender(f"sender-{n}", running.url, key, history, pause=0.01, accounts=accounts) for n in range(4)]):
        for n in range(BACKUPS):
            time.sleep(0.5)
            at = time.time()
            taken.append((at, back_up(running.settings, tmp_path / f"backup-{n}", monkeypatch)))
    events = history.events()
    for at, folder in taken:
        into = into_anew()
        db = restore(folder, into, monkeypatch)
        there = look(db, history, mailbox).observations
        db.close()
        owed = confirmed_before(at, events)
        assert {key: there.get(key) for key in owed} == owed
    print({"backups": len(taken), "rows_in_the_last": len(owed)})  # noqa: T201
    assert len(owed) > 20


def test_what_has_grown_is_backed_up_and_restored_in_minutes(db, settings, into, tmp_path, monkeypatch):
    rows = size(5_000, 1_000_000)
    fill(db, rows)
    began = time.monotonic()
    folder = back_up(settings, tmp_path / "backup", monkeypatch)
    backed_up = time.monotonic()
    restored = restore(folder, into, monkeypatch)
    back = time.monotonic()

    print({"rows": rows, "backup_s": round(backed_up - began, 1), "restore_s": round(back - backed_up, 1)})  # noqa: T201
    with restored.read() as session:
        assert session.scalar(text("SELECT count(*) FROM observations")) == rows
    restored.close()
    assert back - began <= 300


@pytest.fixture
def queued(db):
    """Three mails that wait, as they did when the backup was taken."""
    with db.begin() as session:
        return [make.mail(session).message_id for _ in range(3)]


@pytest.mark.usefixtures("queued")
def test_what_is_restored_sends_no_mail_until_somebody_releases_it(settings, into, mailbox, tmp_path, monkeypatch):
    folder = back_up(settings, tmp_path / "backup", monkeypatch)
    db = restore(folder, into, monkeypatch)
    restored = into.model_copy(update={"smtp_url": mailbox.url})

    worker.tick(db, restored, now=make.MONDAY)
    before = len(mailbox.mails)
    with db.begin() as session:
        holds.release_all(session, by="test", now=make.MONDAY)
    worker.tick(db, restored, now=make.MONDAY)
    with db.read() as session:
        states = set(session.scalars(select(Mail.state)))
    db.close()

    assert (before, len(mailbox.mails)) == (0, 3)
    assert states == {MailState.SENT}


@pytest.mark.usefixtures("queued")
def test_what_another_tool_restored_is_taken_over_in_place_with_its_mail_held(db, settings, mailbox, monkeypatch):
    with db.begin() as session:
        make.rep(session, email="rita@example.com", name="Rita Reyes")
    erasure.write_ledger(settings, ["rita@example.com"], now=make.MONDAY)
    point_at(settings, monkeypatch)

    backup.restore(in_place=True)
    worker.tick(db, settings.model_copy(update={"smtp_url": mailbox.url}), now=make.MONDAY)

    with db.read() as session:
        addresses = session.scalars(text("SELECT email FROM reps")).all()
        held = holds.of_all(session, now=make.MONDAY)
    assert (mailbox.mails, [address for address in addresses if "rita" in address]) == ([], [])
    assert "Restored" in held.reason


def test_nothing_is_taken_over_where_there_is_no_database(into, monkeypatch):
    point_at(into, monkeypatch)

    with pytest.raises(backup.NoBackup, match=r"no database|empty"):
        backup.restore(in_place=True)
    with pytest.raises(backup.NoBackup, match="one of the two"):
        backup.restore()


def test_who_was_erased_after_the_backup_is_erased_again(db, settings, into, tmp_path, monkeypatch):
    with db.begin() as session:
        make.rep(session, email="rita@example.com", name="Rita Reyes")
    folder = back_up(settings, tmp_path / "backup", monkeypatch)
    into.data_dir.mkdir()
    erasure.write_ledger(into, ["rita@example.com"], now=make.MONDAY)

    restored = restore(folder, into, monkeypatch)
    with restored.read() as session:
        addresses = session.scalars(text("SELECT email FROM reps")).all()
    restored.close()

    assert [address for address in addresses if "rita" in address] == []


FILES = {"settings.env": "HEADSUP_PORT=8001\n", "erasures.jsonl": "", "artifacts/one/model.skops": "weights"}


@pytest.fixture
def whole(db, settings, tmp_path, monkeypatch):
    """The backup of an installation with keys, a model and a ledger."""
    for name, content in FILES.items():
        (settings.data_dir / name).parent.mkdir(parents=True, exist_ok=True)
        (settings.data_dir / name).write_text(content)
    return back_up(settings, tmp_path / "backup", monkeypatch)


def test_keys_models_and_the_ledger_come_along(whole, into, monkeypatch):
    restore(whole, into, monkeypatch).close()

    assert {name: (into.data_dir / name).read_text() for name in FILES} == FILES


def test_what_was_backed_up_and_restored_is_its_owners_only(whole, into, monkeypatch):
    made = modes(whole)
    # As a copy over the network may leave it.
    for path in [whole, *whole.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)

    restore(whole, into, monkeypatch).close()

    assert made == modes(into.data_dir) == {("folder", 0o700), ("file", 0o600)}


def modes(folder):
    """Who may do what with a folder and all that is in it."""
    paths = [folder, *folder.rglob("*")]
    return {("folder" if path.is_dir() else "file", path.stat().st_mode & 0o777) for path in paths}


def test_a_backup_that_was_changed_is_refused_before_anything_is_touched(db, settings, into, tmp_path, monkeypatch):
    folder = back_up(settings, tmp_path / "backup", monkeypatch)
    name = json.loads((folder / "backup.json").read_text())["database"]
    with (folder / name).open("r+b") as file:
        file.seek(5_000)
        file.write(b"other bytes")

    with pytest.raises(backup.NoBackup, match=name):
        restore(folder, into, monkeypatch)
    assert not (into.data_dir / "headsup.db").exists()


def test_a_database_that_is_there_is_never_written_over(db, settings, into, tmp_path, monkeypatch):
    folder = back_up(settings, tmp_path / "backup", monkeypatch)
    with db.begin() as session:
        actions.record(session, "test", "later", "", now=make.MONDAY)

    with pytest.raises(copies.NotEmpty):
        restore(folder, settings, monkeypatch)
    with db.read() as session:
        assert session.scalar(text("SELECT count(*) FROM audit_entries WHERE action = 'later'")) == 1
