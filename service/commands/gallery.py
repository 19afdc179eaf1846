"""Every mail with sample data, to be looked at: in a browser, or as files."""

import base64
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from time import perf_counter

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from service.kit.settings import Settings
from service.updates import letters, samples
from service.updates.contents import Content
from service.updates.envelope import Body, Envelope, domain, pack
from service.updates.letters import Letter

PAGES = Environment(loader=PackageLoader("service.updates"), autoescape=True, undefined=StrictUndefined)
WIDTHS = {"phone": 390, "desktop": 640}
DARK = "@media (prefers-color-scheme: dark)"


@dataclass(frozen=True)
class Measured:
    """A mail of the gallery. Sizes are in bytes; `mail` is the whole of it as it goes over the wire."""

    name: str
    subject: str
    preview: str
    text: int
    html: int
    pictures: int
    mail: int
    milliseconds: float
    trouble: str


def frozen(
    content: Content, settings: Settings, *, recipient: str, now: datetime, prefix: str = ""
) -> tuple[Letter, bytes]:
    """Make the bytes that would go out."""
    letter = letters.render(content, settings)
    ours, to = domain(settings), content.to
    envelope = Envelope(
        id=to.id,
        domain=ours,
        recipient=recipient,
        name=to.name,
        subject=prefix + letter.subject,
        root=f"<sample@{ours}>",
    )
    return letter, pack(envelope, Body(letter.text, letter.html, letter.pictures), settings, now=now)


def measured(settings: Settings) -> Iterator[tuple[Measured, bytes]]:
    """Build each sample twice, so that the second build shows what it takes once templates are read."""
    for name, content in samples.samples().items():
        frozen(content, settings, recipient="rita@example.com", now=samples.NOW)
        started = perf_counter()
        letter, mail = frozen(content, settings, recipient="rita@example.com", now=samples.NOW)
        took = round(1000 * (perf_counter() - started), 1)
        pictures = sum(len(picture.png) for picture in letter.pictures)
        sizes = len(letter.text.encode()), len(letter.html.encode()), pictures, len(mail)
        yield Measured(name, letter.subject, letter.preheader, *sizes, took, letter.trouble), mail


def write(settings: Settings, folder: Path) -> list[Measured]:
    """Write each sample as an .eml file that mail programs open."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for each, mail in measured(settings):
        (folder / f"{each.name}.eml").write_bytes(mail)
        found.append(each)
    return found


def shown(letter: Letter, *, dark: bool, pictures: bool) -> str:
    """The HTML part as a mail program shows it in one of the colour schemes, its pictures put in or blocked."""
    html = letter.html.replace(DARK, "@media all" if dark else "@media not all")
    for each in letter.pictures:
        data = f"data:image/png;base64,{base64.b64encode(each.png).decode()}" if pictures else ""
        html = html.replace(f"cid:{each.cid}", data)
    return html


def site(settings: Settings) -> Starlette:
    """The gallery as a site of its own. Templates are read anew for each request: a reload shows what was changed."""

    def index(_request: Request) -> Response:
        rows = [asdict(each) for each, _ in measured(settings)]
        text = PAGES.get_template("gallery.html.j2").render(mails=rows, widths=WIDTHS, folder=settings.templates)
        return HTMLResponse(text)

    def mail(request: Request) -> Response:
        content = samples.samples().get(request.path_params["name"])
        if content is None:
            return PlainTextResponse("There is no such sample.", 404)
        letter, way = letters.render(content, settings), request.path_params["way"]
        if way == "text":
            return PlainTextResponse(letter.text)
        return HTMLResponse(shown(letter, dark=way == "dark", pictures=way != "blocked"))

    return Starlette(routes=[Route("/", index), Route("/{name}/{way}", mail)])
