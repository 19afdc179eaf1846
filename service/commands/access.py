"""`headsup key …` and `headsup operator …`: who may come in."""

import getpass
import secrets
import sys
from contextlib import closing
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from models import ApiKey, Operator, Role, Scope
from service.access import actions, factors, passwords, queries
from service.commands import door
from service.commands.door import Json
from service.kit.clock import SystemClock
from service.kit.errors import Invalid
from service.kit.settings import Settings

BY = f"cli:{getpass.getuser()}"
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input, one line.")
]


class PasswordMissing(Invalid):
    """There is no password on standard input."""


def create_key(
    name: Annotated[str, typer.Argument(help="What the key is for; histories show it.")],
    scope: Annotated[list[Scope], typer.Option(help="What it opens; give it several times.")],
    *,
    days: Annotated[int | None, typer.Option(min=1, help="Days until it ends by itself; without, it does not.")] = None,
    as_json: Json = False,
) -> None:
    """Make an API key and print it. It cannot be had again: only a hash is kept."""
    now = SystemClock().now()
    ends = now + timedelta(days=days) if days else None
    with door.installation() as db, db.begin() as session:
        text = actions.create_key(session, name, scope, by=BY, now=now, expires_at=ends)
    _show(text, {"name": name, "scopes": [each.value for each in scope], "key": text}, as_json=as_json)


def rotate_key(
    name: Annotated[str, typer.Argument(help="The key's name.")],
    *,
    overlap_hours: Annotated[int, typer.Option(min=0, help="How long the old one still opens.")] = 24,
    as_json: Json = False,
) -> None:
    """Make the key that follows this one, with the same scopes, and print it. Both open until the overlap ends."""
    overlap = timedelta(hours=overlap_hours)
    with door.installation() as db, db.begin() as session:
        text = actions.rotate_key(session, name, overlap=overlap, by=BY, now=SystemClock().now())
    _show(text, {"name": name, "key": text, "old_ends_in_hours": overlap_hours}, as_json=as_json)


def list_keys(*, as_json: Json = False) -> None:
    """List the API keys, without their secrets."""
    with door.installation() as db, db.read() as session:
        keys = [_row(key, SystemClock().now()) for key in queries.all_keys(session)]
    if as_json:
        door.answer({"keys": keys})
    else:
        door.table(keys, empty="No keys yet: `headsup key create NAME --scope ingest`.")


def revoke_key(
    name: Annotated[str, typer.Argument(help="The key's name, or how one key begins: hu_…")], *, as_json: Json = False
) -> None:
    """End all live keys of that name, or the one that begins so, at once."""
    now = SystemClock().now()
    with door.installation() as db, db.begin() as session:
        ended = [_row(key, now) for key in actions.revoke_keys(session, name, by=BY, now=now)]
    if as_json:
        door.answer({"revoked": ended})
    else:
        door.say(f"{name} opens nothing any more.")


def add_operator(
    email: Annotated[str, typer.Argument(help="The login.")],
    role: Annotated[Role, typer.Option(help="What the operator may do.")] = Role.AGENT,
    name: Annotated[str, typer.Option(help="The name that others see; empty means from the address.")] = "",
    *,
    password_stdin: PasswordStdin = False,
    as_json: Json = False,
) -> None:
    """Give a person of operations a login.

    Without a terminal a password is made up, printed once, and has to be changed at the first sign-in.
    """
    shown = name or email.partition("@")[0].replace(".", " ").title()
    settings = door.load_settings()
    with closing(door.open_db(settings)) as db:
        password, made_up = new_password(settings, from_stdin=password_stdin)
        words, now = passwords.fitting_words(settings, email, shown), SystemClock().now()
        with db.begin() as session:
            actions.add_operator(session, email, shown, role, password, by=BY, now=now, words=words, made_up=made_up)
    facts = {"email": email.lower(), "name": shown, "role": role.value} | ({"password": password} if made_up else {})
    _show_operator(facts, as_json=as_json)


def disable_operator(email: Annotated[str, typer.Argument(help="The login.")], *, as_json: Json = False) -> None:
    """Let an operator in no more; open sessions end at once."""
    with door.installation() as db, db.begin() as session:
        actions.disable_operator(session, email, by=BY, now=SystemClock().now())
    if as_json:
        door.answer({"email": email.lower(), "disabled": True})
    else:
        door.say(f"{email} cannot sign in any more.")


def list_operators(*, as_json: Json = False) -> None:
    """List who has a login, with role and second factor."""
    with door.installation() as db, db.read() as session:
        rows = [_operator_row(operator, has_factor=has) for operator, has in queries.all_operators(session)]
    if as_json:
        door.answer({"operators": rows})
    else:
        door.table(rows, empty="Nobody yet: `headsup operator add EMAIL --role admin`.")


def reset_factor(email: Annotated[str, typer.Argument(help="The login.")], *, as_json: Json = False) -> None:
    """Take an operator's second factor off, because the device is lost; open sessions end.

    Make sure by another way that it is they who ask. Where a second factor is demanded they set up another.
    """
    with door.installation() as db, db.begin() as session:
        factors.take_off(session, email, by=BY, now=SystemClock().now())
    if as_json:
        door.answer({"email": email.lower(), "second_factor": False})
    else:
        door.say(f"{email} signs in by password alone, until another second factor is set up.")


def set_password(
    email: Annotated[str, typer.Argument(help="The login.")],
    *,
    password_stdin: PasswordStdin = False,
    as_json: Json = False,
) -> None:
    """Give an operator another password; open sessions end.

    Without a terminal it is made up, printed once, and has to be changed at the next sign-in.
    """
    settings = door.load_settings()
    with closing(door.open_db(settings)) as db:
        password, made_up = new_password(settings, from_stdin=password_stdin)
        words, now = passwords.fitting_words(settings, email), SystemClock().now()
        with db.begin() as session:
            actions.set_password(session, email, password, by=BY, now=now, words=words, made_up=made_up)
    facts = {"email": email.lower()} | ({"password": password} if made_up else {})
    _show_operator(facts, as_json=as_json)


def new_password(settings: Settings, *, from_stdin: bool) -> tuple[str, bool]:
    """Get a password: from standard input, by asking at a terminal, or else made up (then True comes with it).

    Raises:
        PasswordMissing: standard input had no line.
        PasswordTooEasy: it stands in the file of refused passwords.
    """
    if not from_stdin and not sys.stdin.isatty():
        return secrets.token_urlsafe(15), True
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            raise PasswordMissing("Send it as one line: `headsup … --password-stdin < file`.")
    else:
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    passwords.refuse_listed(password, settings.refused_passwords)
    return password, False


def _show(text: str, facts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        door.answer(facts)
    else:
        door.say(text)
        door.notes.print("Keep it now: it is not shown again.")


def _show_operator(facts: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        door.answer(facts)
        return
    door.say("\n".join(f"{key:9} {value}" for key, value in facts.items()))
    if "password" in facts:
        door.notes.print("The password is not shown again, and is to be changed at the next sign-in.")


def _row(key: ApiKey, now: datetime) -> dict[str, str]:
    expired = key.expires_at is not None and key.expires_at <= now
    state = "revoked" if key.revoked_at else "expired" if expired else "live"
    moments = {"ends": key.revoked_at or key.expires_at, "last used": key.last_used_at}
    begins = f"hu_{key.public_id}_…"
    return {"name": key.name, "key": begins, "scopes": " ".join(key.scopes), "state": state} | {
        what: f"{at:%Y-%m-%d %H:%M}" if at else "never" for what, at in moments.items()
    }


def _operator_row(operator: Operator, *, has_factor: bool) -> dict[str, str]:
    password = "disabled" if operator.disabled_at else "to be changed" if operator.made_up else "own"
    factor = "yes" if has_factor else "no"
    return {"email": operator.email, "name": operator.name, "role": operator.role, "password": password} | {
        "second factor": factor
    }
