"""`headsup mail …`: look at the mails, send oneself one, check what receivers look up."""

import webbrowser
from dataclasses import asdict, replace
from email.utils import parseaddr
from pathlib import Path
from time import perf_counter
from typing import Annotated
from uuid import uuid4

import typer
import uvicorn

from service.commands import door, gallery, mail_records
from service.commands.door import Json
from service.commands.health import Finding
from service.commands.mail_records import Dns
from service.kit.clock import SystemClock
from service.kit.errors import Invalid, Unavailable
from service.kit.fields import clean_address
from service.kit.settings import Settings
from service.replies import pages
from service.updates import letters, samples, smtp
from service.updates.contents import Content
from service.updates.envelope import domain
from service.updates.smtp import Channel, Limits, NotSent


class SampleUnknown(Invalid):
    """There is no such sample."""


class AddressInvalid(Invalid):
    """This is not one plain e-mail address."""


class RelayMissing(Unavailable):
    """No mail relay is set."""


class NotTaken(Unavailable):
    """The test mail was not taken."""


def preview(
    *,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write each mail as an .eml file instead.")] = None,
    port: Annotated[int, typer.Option(help="Port of the gallery on this machine.")] = 8025,
    open_it: Annotated[bool, typer.Option("--open/--no-open", help="Open the browser.")] = True,
    as_json: Json = False,
) -> None:
    """Show every mail with sample data, in both colour schemes, on a phone and a desktop; or say how large they are."""
    settings = door.load_settings()
    if out or as_json:
        found = gallery.write(settings, out) if out else [each for each, _ in gallery.measured(settings)]
        rows = [asdict(each) for each in found]
        if as_json:
            door.answer({"mails": rows})
        else:
            shown = ("name", "mail", "html", "milliseconds", "subject")
            door.table([{key: row[key] for key in shown} for row in rows], empty="")
        return
    address = f"http://127.0.0.1:{port}"
    door.notes.print(f"The mails are at {address}. Templates are read anew with each reload; Ctrl+C ends it.")
    if open_it:
        webbrowser.open(address)
    uvicorn.run(gallery.site(settings), host="127.0.0.1", port=port, log_level="warning")


def send_test(
    address: Annotated[str, typer.Argument(help="Who gets it.")],
    *,
    kind: Annotated[str, typer.Option(help="Which mail; see `headsup mail preview`.")] = "heads-up",
    as_json: Json = False,
) -> None:
    """Send a mail with sample data past the outbox, and say what the relay answers."""
    settings = door.load_settings()
    if not settings.smtp_url:
        raise RelayMissing("Set HEADSUP_SMTP_URL, then try again.")
    reader, now = _address(address), SystemClock().now()
    letter, mail = gallery.frozen(_sample(kind), settings, recipient=reader, now=now, prefix="Test: ")
    relay, started = smtp.relay_of(settings.smtp_url), perf_counter()
    try:
        with Channel(relay, domain(settings), Limits.within(settings.mail_seconds)) as channel:
            channel.deliver(parseaddr(settings.mail_from)[1], reader, mail)
    except NotSent as failure:
        raise NotTaken(f"{failure}.") from failure
    took = round(perf_counter() - started, 2)
    if as_json:
        door.answer({"relay": f"{relay.host}:{relay.port}", "seconds": took, "subject": letter.subject})
        return
    door.say(f"{relay.host}:{relay.port} took “Test: {letter.subject}” for {reader} in {took} s.")
    door.say("If it does not arrive, look into the junk folder, then run `headsup mail check`.")


def _sample(kind: str) -> Content:
    known = samples.samples()
    if kind not in known:
        raise SampleUnknown(f"Take one of {', '.join(known)}.")
    # A mail of its own: mail programs would hide one that they have seen.
    return replace(known[kind], to=replace(known[kind].to, id=uuid4()))


def _address(text: str) -> str:
    try:
        return clean_address(text)
    except ValueError as error:
        raise AddressInvalid(f"{text!r} {error}.") from error


def check(
    *,
    selector: Annotated[str, typer.Option(help="DKIM selector of the relay, where it signs.")] = "",
    resolver: Annotated[str, typer.Option(metavar="ADDRESS", help="DNS server to ask, like 9.9.9.9.")] = "",
    as_json: Json = False,
) -> None:
    """Check the sender's SPF, DKIM and DMARC records and your own templates; exit code 1 if something is bad."""
    settings = door.load_settings()
    found = [_templates(settings)]
    try:
        found += mail_records.findings(settings, Dns(resolver), selector)
    except mail_records.DnsAway as error:
        found += mail_records.unanswered(settings, error)
    bad = any(each.state == "bad" for each in found)
    if as_json:
        door.answer({"ok": not bad, "findings": [asdict(each) for each in found]})
    else:
        door.table([asdict(each) for each in found], empty="")
    if bad:
        raise typer.Exit(door.FAILED)


def _templates(settings: Settings) -> Finding:
    """Render every sample with a company's own templates."""
    if settings.templates is None:
        return Finding("templates", "ok", "Ours.")
    if not settings.templates.is_dir():
        return Finding("templates", "bad", f"{settings.templates} is no folder; mails are made of ours.")
    troubles = [letters.render(each, settings).trouble for each in samples.samples().values()]
    troubles.append(pages.trouble(settings.templates))
    if found := sorted({trouble for trouble in troubles if trouble}):
        return Finding("templates", "bad", f"Left aside: {'; '.join(found)}.")
    return Finding("templates", "ok", f"Every mail and page can be made with those in {settings.templates}.")
