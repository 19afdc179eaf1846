"""How the pages behind a mail's links look: for a phone first, in both colour schemes, without a script."""

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

TEMPLATES = Environment(
    loader=PackageLoader("service.replies"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
STYLE = files("service.replies").joinpath("templates/page.css").read_text(encoding="utf-8")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    f"style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'",
    # The address of the page is its key.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}


def page(name: str, *, status: int = 200, **context: object) -> HTMLResponse:
    """Show a page."""
    # The style is ours and its hash stands in the policy: escaping would change both.
    html = TEMPLATES.get_template(f"{name}.html.j2").render(context, style=Markup(STYLE))  # noqa: S704
    return HTMLResponse(html, status, headers=HEADERS)


def invalid() -> HTMLResponse:
    """The one answer to every link that does not work, whatever is wrong with it."""
    return page("invalid", status=404)
