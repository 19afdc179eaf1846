"""`headsup audit …`: read the audit log, and tell whether it is whole."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from models import AuditEntry
from service.access import audit, queries
from service.commands import door
from service.commands.door import Json


def show(
    *,
    who: Annotated[str, typer.Option(help="Part of an address, of `key:NAME`, of `cli:USER`; `headsup` itself.")] = "",
    what: Annotated[str, typer.Option(help="How the action begins: `operator`, `session.open`, `alert`.")] = "",
    on: Annotated[str, typer.Option(help="What it was done to: an address, a number, a name.")] = "",
    since: Annotated[datetime | None, typer.Option(help="From this moment on, UTC.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many lines at most, of the newest.")] = 50,
    as_json: Json = False,
) -> None:
    """Print lines of the audit log, the newest last: when, who, what, on what."""
    moment = since.replace(tzinfo=since.tzinfo or UTC) if since else None
    with door.installation() as db, db.read() as session:
        newest = queries.audit_entries(session, who=who, what=what, on=on, since=moment, limit=limit)
        lines = [_row(entry) for entry in reversed(newest)]
    if as_json:
        door.answer({"lines": lines})
    else:
        told = [
            line | {"detail": " ".join(f"{key}={value}" for key, value in line["detail"].items())} for line in lines
        ]
        door.table(told, empty="No such line.")


def _row(entry: AuditEntry) -> dict[str, Any]:
    at = f"{entry.at:%Y-%m-%dT%H:%M:%SZ}"
    where = {"line": entry.id, "at": at, "who": entry.actor, "what": entry.action, "on": entry.subject}
    return where | {"detail": entry.detail}


def verify(
    *,
    expect: Annotated[str, typer.Option(help="A hash that an earlier run printed: it must still be in the log.")] = "",
    as_json: Json = False,
) -> None:
    """Follow the chain of the audit log; exit code 1 if a line was changed, moved, added or taken out.

    Keep the hash that it prints somewhere else: who can rewrite the whole database can rewrite the whole chain, but
    not that hash.
    """
    with door.installation() as db, db.read() as session:
        found = audit.verify(session)
        kept = not expect or audit.holds(session, expect)
    wrong = found.wrong or ("" if kept else "The expected hash is not in the log.")
    facts = {"sound": not wrong, "entries": found.entries, "head": found.head}
    if as_json:
        door.answer(facts | {"broken_at": found.broken_at, "wrong": wrong})
    else:
        whole = f"The audit log is whole: {found.entries} lines. Its last hash is\n{found.head}"
        door.say(whole if not wrong else f"Line {found.broken_at}: {wrong}" if found.wrong else wrong)
    if wrong:
        raise typer.Exit(door.FAILED)
