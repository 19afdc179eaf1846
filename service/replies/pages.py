"""How the pages behind a mail's links look: for a phone first, in both colour schemes, without a script."""

from base64 import b64encode
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import structlog
from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from service.kit.settings import Settings

log = structlog.get_logger()

OURS = PackageLoader("service.replies")
# Where a company's own lie in its folder of templates.
FOLDER = "pages"
STYLE = files("service.replies").joinpath("templates/page.css").read_text(encoding="utf-8")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    f"style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'",
    # The address of the page is its key.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
DAY = date(2026, 3, 9)
PAUSE = {"offers": [("tomorrow", DAY), ("monday", DAY), ("two_weeks", DAY)], "earliest": DAY, "latest": DAY}
# What each page can use, as examples: docs/mail.md tells.
EXAMPLES: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "acknowledge": tuple(
        {"names": names, "already": already, "pause": "/p/x"}
        for names in (["Northwind Foods"], ["Northwind Foods", "Fabrikam"])
        for already in (False, True)
    ),
    "pause": (PAUSE | {"until": None}, PAUSE | {"until": DAY}),
    "unsubscribe": ({"ended": False}, {"ended": True}),
    "invalid": ({},),
}


def page(settings: Settings, name: str, *, status: int = 200, **context: object) -> HTMLResponse:
    """Show a page, a company's own where it has one; if that fails, ours."""
    if settings.templates is not None:
        try:
            return HTMLResponse(_html(settings.templates / FOLDER, name, context), status, headers=HEADERS)
        # A template can fail in as many ways as a program.
        except Exception as error:  # noqa: BLE001
            log.warning("page_failed", page=name, error=type(error).__name__)
    return HTMLResponse(_html(None, name, context), status, headers=HEADERS)


def invalid(settings: Settings) -> HTMLResponse:
    """The one answer to every link that does not work, whatever is wrong with it."""
    return page(settings, "invalid", status=404)


def trouble(folder: Path) -> str:
    """Say what is wrong with a company's own pages; empty if nothing is."""
    for name, examples in EXAMPLES.items():
        for example in examples:
            try:
                _html(folder / FOLDER, name, example)
            # A template can fail in as many ways as a program.
            except Exception as error:  # noqa: BLE001
                return f"{FOLDER}/{name}: {error}"
    return ""


def _html(folder: Path | None, name: str, context: Mapping[str, object]) -> str:
    # The style is ours and its hash stands in the policy: escaping would change both.
    return _environment(folder).get_template(f"{name}.html.j2").render(context, style=Markup(STYLE))  # noqa: S704


@lru_cache(maxsize=8)
def _environment(folder: Path | None) -> Environment:
    theirs: list[BaseLoader] = [] if folder is None else [FileSystemLoader(folder)]
    return Environment(
        loader=ChoiceLoader([*theirs, OURS, PrefixLoader({"ours": OURS})]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
