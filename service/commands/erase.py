"""`headsup erase`: take a person out of everything that is kept."""

from contextlib import closing
from typing import Annotated

import typer

from service.access import erasure
from service.commands import door
from service.commands.access import BY
from service.commands.door import Json
from service.kit.clock import SystemClock
from service.kit.fields import clean_address


def erase(
    address: Annotated[str, typer.Argument(help="The person's e-mail address.")],
    *,
    name: Annotated[
        list[str] | None, typer.Option(help="A name to take out of free texts too; several are possible.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Erase a rep or a contact: address, names, mails. It is done again by itself when an older backup is restored.

    The accounts of a rep are without a rep afterwards. Keep `erasures.jsonl` with the settings, apart from backups of
    the database; it holds keyed hashes and names nobody.
    """
    settings = door.load_settings()
    now = SystemClock().now()
    with closing(door.open_db(settings)) as db:
        with db.read() as session:
            erasure.refuse_operators(session, address)
        erasure.write_ledger(settings, [clean_address(address), *(name or [])], now=now)
        changed = erasure.apply_ledger(db, settings, by=BY, now=now)
    if as_json:
        door.answer({"rows": changed})
    else:
        door.table([{"table": table, "rows": rows} for table, rows in changed.items()], empty="Nothing was found.")
