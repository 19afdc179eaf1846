"""How every command gets at settings and database, speaks, and ends."""

import functools
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr, ValidationError
from rich.console import Console
from rich.table import Table

from service.kit import logs, schema
from service.kit.database import OUTAGES, Database
from service.kit.errors import HeadsupError, Invalid, Unavailable
from service.kit.settings import Settings

FAILED, USAGE, SOME_REJECTED = 1, 2, 3
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

# Standard output is for answers; progress, notes and errors go here.
notes = Console(stderr=True, highlight=False, soft_wrap=True)


class SettingsWrong(Invalid):
    """A setting is wrong."""


class NotInitialised(Unavailable):
    """This installation is not set up."""


def data_dir() -> Path:
    """The data folder in force."""
    return Path(os.environ.get("HEADSUP_DATA_DIR", "var"))


def load_settings() -> Settings:
    """Read the settings and set up the logs.

    Raises:
        SettingsWrong: the detail names each wrong setting and what is expected.
    """
    try:
        settings = Settings.load(data_dir())
    except ValidationError as error:
        raise SettingsWrong("; ".join(wrong_settings(error))) from error
    return configured(settings)


def configured(settings: Settings) -> Settings:
    """Set up the logs as these settings say."""
    logs.configure(settings)
    # Commands say themselves what a migration did.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return settings


def wrong_settings(error: ValidationError) -> list[str]:
    """One sentence for each wrong setting, without the value: it may be a secret."""
    return [
        f"HEADSUP_{'_'.join(str(step) for step in item['loc']).upper()}: {item['msg'].removeprefix('Value error, ')}"
        for item in error.errors()
    ]


def open_db(settings: Settings) -> Database:
    """Open the database, and refuse one that has not this version's schema.

    Raises:
        NotInitialised: the embedded database is not there yet.
        SchemaMismatch: it is older or newer than this program.
    """
    if settings.embedded and not (settings.data_dir / "headsup.db").exists() and not settings.database_url:
        raise NotInitialised(f"There is no database in {settings.data_dir}: run `headsup init`.")
    db = Database(settings.database)
    try:
        schema.check(db)
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def installation() -> Iterator[Database]:
    """The installation's database, closed however the command ends."""
    db = open_db(load_settings())
    try:
        yield db
    finally:
        db.close()


def answer(facts: dict[str, Any]) -> None:
    """Print one JSON object: what `--json` promises."""
    json.dump(facts, sys.stdout, default=str, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def say(line: str = "") -> None:
    """Print a line for people to standard output."""
    sys.stdout.write(line + "\n")


def shown(value: Any) -> str:
    """A default as it is written in the settings file."""
    if value is None or isinstance(value, SecretStr):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def table(rows: Sequence[dict[str, Any]], *, empty: str) -> None:
    """Print rows for people, or a sentence where there are none."""
    if not rows:
        say(empty)
        return
    drawn = Table(*rows[0], box=None, pad_edge=False, header_style="bold")
    for row in rows:
        drawn.add_row(*(str(value) for value in row.values()))
    width = None if sys.stdout.isatty() else 200
    Console(highlight=False, markup=False, width=width).print(drawn)


def guarded(command: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a command so that what it refuses ends in one sentence and exit code 1, not in a traceback."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except HeadsupError as error:
            refusal = f"{error.title()}. {error.detail}".rstrip()
        except OUTAGES as error:
            refusal = f"The database does not answer: {first_line(error)}"
        except OSError as error:
            refusal = str(error)
        except KeyboardInterrupt:
            refusal = "Stopped."
        notes.print(refusal, style="red", markup=False)
        raise typer.Exit(FAILED)

    return run


def first_line(error: BaseException) -> str:
    """The first line of what a library said."""
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
