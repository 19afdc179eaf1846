"""Templates of mails and pages. HTML escapes what it is given; text does not."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from mjml import mjml2html

from service.kit.fields import UNSAFE_IN_PROSE


def _escapes(name: str | None) -> bool:
    return not (name or "").endswith(".txt.j2")


def _breaks(text: str) -> Markup:
    """Keep the line breaks of prose."""
    return Markup("<br />").join(escape(line) for line in text.splitlines())


def _printable(value: Any) -> Any:
    """Leave out what no mail program shows; MJML stops at it."""
    if isinstance(value, Markup):
        return Markup(UNSAFE_IN_PROSE.sub("", value))  # noqa: S704  it was markup before
    return UNSAFE_IN_PROSE.sub("", value) if isinstance(value, str) else value


TEMPLATES = Environment(
    loader=PackageLoader("service.updates"),
    autoescape=_escapes,  # noqa: S701  everything but text is escaped
    undefined=StrictUndefined,
    finalize=_printable,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.filters["breaks"] = _breaks


def render(name: str, **context: object) -> tuple[str, str]:
    """Render a mail's text and HTML parts."""
    text = TEMPLATES.get_template(f"{name}.txt.j2").render(context)
    html = mjml2html(TEMPLATES.get_template(f"{name}.mjml.j2").render(context), disable_comments=False, fonts={})
    return text, html
