"""`headsup backup` and `headsup restore`: a whole installation in a folder, and back."""

import hashlib
import json
import os
import shutil
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from service.access import erasure
from service.commands import door
from service.commands.access import BY
from service.commands.door import Json
from service.kit import copies, schema
from service.kit.clock import SystemClock
from service.kit.database import Database, Session
from service.kit.errors import Conflict, Invalid
from service.kit.settings import SETTINGS_FILE, Settings
from service.updates import holds

MANIFEST, LEDGER, ARTIFACTS = "backup.json", erasure.LEDGER, "artifacts"
SQLITE, POSTGRESQL = "headsup.db", "headsup.dump"
HELD = "Restored from a backup: what was sent since is not known here."


class FolderTaken(Conflict):
    """The folder is not empty."""


class NoBackup(Invalid):
    """This is not a whole backup."""


def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")], *, as_json: Json = False
) -> None:
    """Back up database, models, settings and keys into a folder, while Headsup runs.

    The folder holds the keys: keep it as safe as the data folder itself.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderTaken(f"{folder}: take another one.")
    settings, now = door.load_settings(), SystemClock().now()
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True, mode=0o700)
    name = SQLITE if settings.embedded else POSTGRESQL
    with closing(door.open_db(settings)) as db:
        copies.write(db, partial / name)
    # After the database: a model is in its folder before the database names it.
    _copy_files(settings.data_dir, partial)
    facts = {"made_at": now.isoformat(), "schema": schema.head(), "database": name, "files": _hashes(partial)}
    (partial / MANIFEST).write_text(json.dumps(facts, indent=2))
    _keep_private(partial)
    for path in [*partial.rglob("*"), partial]:
        copies.sync(path)
    if folder.exists():
        folder.rmdir()
    partial.rename(folder)
    copies.sync(folder.absolute().parent)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    _tell({"folder": str(folder), "bytes": size, "schema": facts["schema"], "made_at": facts["made_at"]}, as_json)


def restore(
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="What `headsup backup` made.")] = None,
    *,
    in_place: Annotated[
        bool,
        typer.Option("--in-place", help="Without DIR: the database is there; another tool has restored it."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Fill an empty installation from a backup; no mail goes out of it until somebody releases them.

    Settings that are there already stay. The schema is brought to this version's, and who was erased after the backup
    is erased again. With --in-place only that is done, to a database that came back by archived WAL, for one.
    """
    if (folder is None) is not in_place:
        raise NoBackup("Name the folder of a backup, or say --in-place: one of the two.")
    _tell(_take_over() if folder is None else _restore(folder), as_json)
    door.notes.print("Run `headsup check`, start Headsup, look at the outbox, and release the mails there.")


def _restore(folder: Path) -> dict[str, Any]:
    facts = _verified(folder)
    data = door.data_dir()
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings_are = _restore_settings(folder, data)
    settings = door.load_settings()
    if settings.embedded != (facts["database"] == SQLITE):
        raise NoBackup(f"It is of another kind of database: {facts['database']}. Set HEADSUP_DATABASE_URL to match.")
    _restore_files(folder, data)
    fill = _fill_sqlite if settings.embedded else _fill_postgresql
    erased = fill(folder, settings, str(facts["schema"]), SystemClock().now())
    return {"made_at": facts["made_at"], "settings": settings_are} | _done(erased)


def _take_over() -> dict[str, Any]:
    settings, now = door.load_settings(), SystemClock().now()
    if settings.embedded and not Path(settings.database.removeprefix("sqlite:///")).exists():
        raise NoBackup(f"There is no database in {settings.data_dir}.")
    with closing(Database(settings.database)) as db:
        if schema.revision(db) is None:
            raise NoBackup("The database is empty.")
        schema.upgrade(db, then=lambda session: _hold(session, now))
        return _done(erasure.catch_up(db, settings, now=now))


def _done(erased: bool) -> dict[str, Any]:  # noqa: FBT001  a fact that is told
    return {"schema": schema.head(), "mails": "held", "erased_again": erased}


def _fill_sqlite(folder: Path, settings: Settings, _at: str, now: datetime) -> bool:
    target = Path(settings.database.removeprefix("sqlite:///"))
    if target.exists():
        raise copies.NotEmpty(f"{target} is there: move it away first, with what stands beside it.")
    growing = target.with_name(f"{target.name}.restoring")
    for left in (growing, growing.with_name(f"{growing.name}-wal"), growing.with_name(f"{growing.name}-shm")):
        left.unlink(missing_ok=True)
    growing.touch(mode=0o600)
    copies.read_sqlite(folder / SQLITE, growing)
    with closing(Database(f"sqlite:///{growing}")) as db:
        schema.upgrade(db, then=lambda session: _hold(session, now))
        erased = erasure.catch_up(db, settings, now=now)
    copies.sync(growing)
    growing.rename(target)
    copies.sync(target.parent)
    return erased


def _fill_postgresql(folder: Path, settings: Settings, at: str, now: datetime) -> bool:
    with closing(Database(settings.database)) as db:
        copies.read_postgresql(folder / POSTGRESQL, db)
        schema.upgrade(db, since=at, then=lambda session: _hold(session, now))
        return erasure.catch_up(db, settings, now=now)


def _hold(session: Session, now: datetime) -> None:
    holds.hold_all(session, HELD, by=BY, now=now)


def _restore_settings(folder: Path, data: Path) -> str:
    kept, ours = folder / SETTINGS_FILE, data / SETTINGS_FILE
    if not kept.exists():
        return "none in the backup: the environment has to give the keys"
    if not ours.exists():
        shutil.copy2(kept, ours)
        _keep_private(ours)
        return "restored"
    same = kept.read_bytes() == ours.read_bytes()
    return "as they were" if same else "as they were; the backup's differ: without its keys its models are refused"


def _copy_files(source: Path, target: Path) -> None:
    for name in (SETTINGS_FILE, LEDGER):
        if (source / name).exists():
            shutil.copy2(source / name, target / name)
    if (source / ARTIFACTS).exists():
        shutil.copytree(source / ARTIFACTS, target / ARTIFACTS)


def _restore_files(source: Path, target: Path) -> None:
    """Add the models that are missing, and the erased people that this folder's ledger does not know."""
    (target / ARTIFACTS).mkdir(mode=0o700, exist_ok=True)
    for version in (source / ARTIFACTS).glob("*"):
        if not (target / ARTIFACTS / version.name).exists():
            shutil.copytree(version, target / ARTIFACTS / version.name)
            _keep_private(target / ARTIFACTS / version.name)
    if (source / LEDGER).exists():
        here = (target / LEDGER).read_text().splitlines() if (target / LEDGER).exists() else []
        new = [line for line in (source / LEDGER).read_text().splitlines() if line not in here]
        with os.fdopen(os.open(target / LEDGER, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as ledger:
            ledger.writelines(f"{line}\n" for line in new)


def _keep_private(path: Path) -> None:
    """Let only its owner read a file, or a folder and all that is in it, whatever the backup was carried by."""
    for each in [path, *path.rglob("*")]:
        each.chmod(0o700 if each.is_dir() else 0o600)


def _verified(folder: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise NoBackup(f"{folder / MANIFEST} cannot be read.") from error
    found = _hashes(folder)
    wrong = sorted(path for path, digest in facts["files"].items() if found.get(path) != digest)
    if wrong:
        raise NoBackup(f"Missing or changed since it was made: {', '.join(wrong[:5])}.")
    return facts


def _hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {str(path.relative_to(folder)): _hash(path) for path in files}


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tell(facts: dict[str, Any], as_json: bool) -> None:  # noqa: FBT001
    if as_json:
        door.answer(facts)
        return
    for name, value in facts.items():
        door.say(f"{name.replace('_', ' '):14} {value}")
