"""`headsup init` and `headsup migrate`."""

import json
import stat

import pytest

from service.access import actions, queries
from service.kit.database import Database
from service.kit.settings import Settings
from tests.conftest import ON_POSTGRESQL


@pytest.fixture
def administrator(settings):
    def find():
        db = Database(settings.database)
        with db.read() as session:
            found = queries.operator_by_email(session, "lena@example.com")
        db.close()
        return found

    return find


def test_init_writes_keys_that_only_the_owner_can_read(db, cli, settings):
    cli("init")

    path = settings.data_dir / "settings.env"
    made = Settings(_env_file=path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(made.secret_key.get_secret_value()) >= 32
    assert made.signing_key.get_secret_value() != ""


@pytest.mark.skipif(ON_POSTGRESQL, reason="the database is not in the folder")
def test_nobody_but_its_owner_reads_a_new_installation(cli, tmp_path, monkeypatch):
    folder = tmp_path / "new"
    monkeypatch.setenv("HEADSUP_DATA_DIR", str(folder))

    cli("init", "--email", "ola@example.com")

    assert [path.name for path in (folder, *folder.iterdir()) if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


def test_init_can_be_run_again_and_keeps_what_is_there(db, cli, installed, settings):
    before = (settings.data_dir / "settings.env").read_text()

    again = cli("init", "--email", "other@example.com")

    assert again.exit_code == 0
    assert "was there" in again.stdout
    assert "1 were there" in again.stdout
    assert (settings.data_dir / "settings.env").read_text() == before


def test_the_settings_file_lists_every_setting_as_a_comment_with_its_default(db, installed, settings):
    text = (settings.data_dir / "settings.env").read_text()

    missing = [name for name in Settings.model_fields if name != "data_dir" and f"HEADSUP_{name.upper()}=" not in text]
    assert missing == []
    assert "# HEADSUP_ALERTS_PER_DAY=10\n" in text


def test_a_made_up_password_is_printed_once_and_fits(db, installed, administrator):
    password = next(line.split()[1] for line in installed.stdout.splitlines() if line.startswith("password"))

    assert administrator().role == "admin"
    assert actions.password_fits(administrator().password_hash, password)


def test_a_password_can_come_from_standard_input(db, cli, administrator):
    made = cli("init", "--email", "lena@example.com", "--password-stdin", stdin="correct horse battery\n")

    assert "shown once" not in made.stdout
    assert "horse" not in made.stdout
    assert actions.password_fits(administrator().password_hash, "correct horse battery")


def test_a_short_password_is_refused_in_one_sentence(db, cli, administrator):
    refused = cli("init", "--email", "lena@example.com", "--password-stdin", stdin="short\n")

    assert refused.exit_code == 1
    assert refused.stderr.strip() == "The password is too short. Take at least 12 characters."
    assert administrator() is None


def test_migrate_tells_the_revision(db, cli, installed):
    assert json.loads(cli("migrate", "--json").stdout)["schema"] != ""
