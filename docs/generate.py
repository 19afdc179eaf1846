"""Write the reference pages of `pages`. `make docs` runs it; a house test sees that it was run."""  # noqa: INP001, a script

import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import typer

import service
from service.__main__ import COMMANDS, build
from service.commands.door import shown
from service.kit import phrases
from service.kit.errors import HeadsupError
from service.kit.http import STATUS
from service.kit.phrases import Phrases
from service.kit.settings import Settings
from service.updates import books, contents, letters, parts

FOLDER = Path(__file__).parent
WRITTEN = "*Written by `make docs`; change the code and run it again.*"


def pages() -> dict[str, str]:
    """The pages by file name."""
    return {
        "settings.md": settings_page(),
        "errors.md": errors_page(),
        "cli.md": cli_page(),
        "templates.md": templates_page(),
    }


def settings_page() -> str:
    lines = [
        "# Settings",
        "",
        WRITTEN,
        "",
        "Each setting is an environment variable. What the environment leaves open is read from `settings.env` in the",
        "data folder, which `headsup init` writes. `headsup check` names each wrong one.",
        "",
        "| setting | default | what it does |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = shown(field.default)
        lines.append(f"| `HEADSUP_{name.upper()}` | {f'`{default}`' if default else ''} | {field.description} |")
    return "\n".join(lines) + "\n"


def errors_page() -> str:
    lines = [
        "# Errors",
        "",
        WRITTEN,
        "",
        "Errors leave the API as RFC 9457 `application/problem+json`. `type` is an address of this installation that",
        "explains the problem, `title` is fixed, `detail` says what to do.",
        "",
        "| type | status | title |",
        "|---|---|---|",
    ]
    lines += [f"| `{kind.slug()}` | {_status(kind)} | {kind.title()} |" for kind in sorted(kinds(), key=_slug)]
    return "\n".join(lines) + "\n"


def _status(kind: type[HeadsupError]) -> str:
    """The status of the nearest kind that has one; none where the error never leaves by HTTP."""
    return next((str(STATUS[each]) for each in kind.__mro__ if each in STATUS), "")


def kinds() -> set[type[HeadsupError]]:
    """All errors that the service knows."""
    for module in pkgutil.walk_packages(service.__path__, "service."):
        importlib.import_module(module.name)
    return {kind for kind in _below(HeadsupError) if kind.__module__.startswith(("service.", "training."))}


def _slug(kind: type[HeadsupError]) -> tuple[str, str]:
    return kind.slug(), kind.title()


def _below(kind: type[HeadsupError]) -> Iterator[type[HeadsupError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


def cli_page() -> str:
    lines = [
        "# Command line",
        "",
        WRITTEN,
        "",
        "`headsup --data-dir DIR COMMAND …` works on the installation in DIR (or `$HEADSUP_DATA_DIR`, else `var`).",
        "Answers go to standard output, with `--json` as one object; progress, notes and errors to standard error.",
        "",
        "Exit codes: 0 done; 1 refused or failed, the reason is on standard error; 2 wrong usage; 3 some rows were",
        "rejected.",
    ]
    for name in COMMANDS:
        command: Any = typer.main.get_command(build(name.split()))
        for word in name.split():
            command = command.commands[word]
        lines += ["", f"## headsup {name}", "", command.help or "", ""]
        lines += [_parameter(parameter) for parameter in command.params if not getattr(parameter, "hidden", False)]
    return "\n".join(lines).rstrip() + "\n"


def _parameter(parameter: Any) -> str:
    words = ", ".join(f"`{word}`" for word in (*parameter.opts, *parameter.secondary_opts))
    if parameter.param_type_name == "argument":
        words = f"`{(parameter.metavar or parameter.name).upper()}`"
    default = parameter.default
    known = (
        ""
        if default in (None, False, "", ()) or callable(default)
        else f" Default: `{getattr(default, 'value', default)}`."
    )
    return f"- {words}: {parameter.help or ''}{known}"


def templates_page() -> str:
    lines = [
        "# Templates of mails",
        "",
        WRITTEN,
        "",
        "What the templates in a folder of your own (`HEADSUP_TEMPLATES`) can use; [mail.md](mail.md) says how. A name",
        "that is not there is an error, and the mail is then made of ours. At the end stand the files of sentences.",
        "",
        "## In every mail",
        "",
        *_names(letters.NAMES),
        "- `kind`: the folder of the mail",
        "- `title`, `preview`: as the templates of these names gave them; in `mail.*` and what it includes",
    ]
    more = {"group": letters.NAMES_OF_GROUP, "digest": letters.NAMES_OF_DIGEST}
    for content, kind in letters.KINDS.items():
        lines += ["", f"## {kind}/", "", *_content(content)]
        if kind in more:
            lines += ["", "Beside it there are:", "", *_names(more[kind])]
    made_of = (contents.To, contents.Client, contents.Said, contents.Standing, contents.RepWeek)
    lines += ["", "## What these are made of"]
    for part in (*made_of, parts.Promise, parts.Domino, parts.NewsLine):
        lines += ["", f"### {part.__name__}", "", *_content(part)]
    for name, book in books.BOOKS.items():
        lines += [
            "",
            f"## {name}",
            "",
            book.about,
            "",
            *_sentences(phrases.read(book.package, name, None), book.examples),
        ]
    return "\n".join(lines) + "\n"


def _sentences(ours: Phrases, examples: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Each macro with what it is given, and what ours makes of an example."""
    return [f"- `{name}({', '.join(facts)})`: {ours.say(name, **facts)}" for name, facts in examples.items()]


def _names(names: dict[str, str]) -> list[str]:
    return [f"- `{name}`: {what}" for name, what in names.items()]


def _content(content: type) -> list[str]:
    """What a content is, and the names and types of its fields."""
    about = " ".join((content.__doc__ or "").split())
    names = ", ".join(f"`{field.name}` ({_type(field.type)})" for field in dataclasses.fields(content))
    return [about, "", f"`mail` has {names}." if content in letters.KINDS else f"It has {names}."]


def _type(annotation: Any) -> str:
    text = annotation.__name__ if isinstance(annotation, type) and not get_args(annotation) else str(annotation)
    return re.sub(r"\b(?:service\.updates\.\w+|models\.\w+|datetime|uuid)\.(?=\w)", "", text).replace("|", "or")


if __name__ == "__main__":
    for name, text in pages().items():
        (FOLDER / name).write_text(text)
