"""The templates of mails: ours, and those that a company puts in their place.

A mail is a folder of templates: `subject`, `preview`, `title` and `part` in plain text, `part` in MJML, and perhaps
`more`, which comes after the button. A company's folder mirrors ours; a file in it stands in for ours of that name
and may extend or import it as `ours/NAME`. In text nothing is escaped, in MJML everything is.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from traceback import walk_tb
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import structlog
from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup, escape
from mjml import mjml2html

from service.kit.fields import UNSAFE_IN_PROSE
from service.updates.words import clean

log = structlog.get_logger()

OURS = PackageLoader("service.updates", "templates/mail")
# What an override may cost: a slip of the pen must not fill the database.
LONGEST = 400_000
# Outlook for Windows opens no longer ones.
LONGEST_LINK = 2_000
PERCENT = re.compile(r"(?<=\d) %")
PHONE = re.compile(r"(?<![\w&#;.-])(?:\+|0)\d(?:[ ()/.-]{0,2}\d)+")
LONGEST_DATE = len("08032026")
LONGEST_PREVIEW, LONGEST_TROUBLE = 200, 300


@dataclass(frozen=True)
class Words:
    """A mail in words."""

    subject: str
    preview: str
    text: str
    html: str


class Templates:
    """Ours, with a company's own before them where a folder of them is given."""

    def __init__(self, folder: Path | None = None) -> None:
        self._text, self.html = _environment(folder, escapes=False), _environment(folder, escapes=True)

    def render(self, kind: str, context: dict[str, Any]) -> Words:
        """Put a mail into words.

        Raises:
            jinja2.TemplateError, ValueError: a template is wrong, or gives what is no mail.
        """
        facts = context | {"kind": kind}
        subject, preview, title = (
            " ".join(self._text.get_template(f"{kind}/{name}.txt.j2").render(facts).split())
            for name in ("subject", "preview", "title")
        )
        facts |= {"title": title, "preview": clean(preview, LONGEST_PREVIEW)}
        text = _without_gaps(self._text.get_template("mail.txt.j2").render(facts))
        # A number and its percent sign stay on one line.
        mjml = self.html.get_template("mail.mjml.j2").render(facts)
        html = mjml2html(PERCENT.sub("\u00a0%", mjml), disable_comments=False, fonts={})
        if not (subject and title and text.strip()):
            raise ValueError("a mail needs a subject, a title and a text")
        if len(html) > LONGEST or len(text) > LONGEST:
            raise ValueError("far too long for a mail")
        return Words(subject, facts["preview"], text, html)


def say(folder: Path | None, template: str, name: str, **facts: Any) -> str:
    """Say one sentence, a macro of a template; in our words where a company's own cannot."""
    if folder is not None:
        try:
            return _said(folder, template, name, facts)
        # A template can fail in as many ways as a program.
        except Exception as error:  # noqa: BLE001
            log.warning("sentence_failed", name=f"{template}, {name}", error=str(error))
    return _said(None, template, name, facts)


def _said(folder: Path | None, template: str, name: str, facts: dict[str, Any]) -> str:
    sentence: str = getattr(_environment(folder, escapes=False).get_template(template).module, name)(**facts)
    return " ".join(sentence.split())


def where(error: Exception) -> str:
    """Say in a line what went wrong in which template, and where."""
    name, line = getattr(error, "name", None), getattr(error, "lineno", None)
    for frame, number in walk_tb(error.__traceback__):
        if frame.f_code.co_filename.endswith(".j2"):
            name, line = frame.f_code.co_filename, number
    place = f"{Path(name).parent.name}/{Path(name).name}, line {line}: " if name and line else ""
    return f"{place}{error}"[:LONGEST_TROUBLE]


@lru_cache(maxsize=8)
def _environment(folder: Path | None, *, escapes: bool) -> Environment:
    ours = PrefixLoader({"ours": OURS})
    loaders: list[BaseLoader] = [OURS, ours] if folder is None else [FileSystemLoader(folder), OURS, ours]
    environment = Environment(
        loader=ChoiceLoader(loaders),
        autoescape=escapes,  # noqa: S701  HTML escapes, text has nothing to escape
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"breaks": _breaks, "clean": clean, "inside": inside, "local": _local, "mailto": _mailto}
    environment.filters["phones"] = _phones
    return environment


def inside(sentence: str) -> str:
    """A sentence after a colon, without its span and target; abbreviations keep their capitals."""
    sentence = re.sub(r"( in \d+ days)?( \(target .*\))?$", "", sentence).rstrip(".").replace(": ", " ", 1)
    return sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]


def _local(at: datetime, time_zone: str) -> datetime:
    return at.astimezone(ZoneInfo(time_zone))


def _breaks(text: str) -> Markup:
    """Keep the line breaks of prose."""
    return Markup("<br />").join(escape(line) for line in text.splitlines())


def _phones(text: str) -> Markup:
    """Let a telephone number be called from a phone: one that begins with + or 0 and has more digits than a date."""

    def link(found: re.Match[str]) -> str:
        number = re.sub(r"\(0\)|[^\d+]", "", found[0])
        return (
            f'<a href="tel:{number}" style="color:#3451d1">{found[0]}</a>' if len(number) > LONGEST_DATE else found[0]
        )

    return Markup(PHONE.sub(link, str(escape(text))))  # noqa: S704  the text is escaped, and the number has digits only


def _mailto(text: str) -> str:
    """A link that begins a mail with a text; empty for texts that are too long for a link."""
    link = f"mailto:?body={quote(text.replace(chr(10), chr(13) + chr(10)))}"
    return link if len(link) <= LONGEST_LINK else ""


def _printable(value: Any) -> Any:
    """Leave out what no mail program shows; MJML stops at it."""
    if isinstance(value, Markup):
        return Markup(UNSAFE_IN_PROSE.sub("", value))  # noqa: S704  it was markup before
    return UNSAFE_IN_PROSE.sub("", value) if isinstance(value, str) else value


def _without_gaps(text: str) -> str:
    """At most one empty line in a row, none at the ends: templates leave more of them."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip() + "\n"
