"""`headsup audit verify`: tell whether the audit log is whole."""

from typing import Annotated

import typer

from service.access import audit
from service.commands import door
from service.commands.door import Json


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
        door.say(f"{found.entries} lines, {found.head}" if not wrong else f"Line {found.broken_at}: {wrong}")
    if wrong:
        raise typer.Exit(door.FAILED)
