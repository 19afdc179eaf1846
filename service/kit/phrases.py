"""Sentences as macros of a template: ours, and a company's own where its folder has a file of that name.

A company's file has whichever macros are to be said in another way; those that it lacks, and those that fail, are ours.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog
from jinja2 import BaseLoader, Environment, FileSystemLoader, PackageLoader, StrictUndefined
from jinja2.exceptions import TemplateNotFound

log = structlog.get_logger()

# What a slip of the pen may cost: a sentence stands in rows, tables and subjects.
LONGEST = 1_000

Macro = Callable[..., str]


class Phrases:
    """The sentences of one file."""

    def __init__(self, ours: Mapping[str, Macro], theirs: Mapping[str, Macro], trouble: str = "") -> None:
        self._ours, self._theirs = ours, dict(theirs)
        self.trouble = trouble
        """Why some of a company's own are not used; empty where all are."""

    def say(self, name: str, **facts: Any) -> str:
        """Put facts into a sentence, on one line. A macro of a company's own names those that it needs."""
        if theirs := self._theirs.get(name):
            try:
                return _sentence(theirs, facts)
            # A template can fail in as many ways as a program.
            except Exception as error:  # noqa: BLE001
                self.trouble = f"{name}: {error}"
                del self._theirs[name]
                log.warning("sentence_failed", name=name, error=str(error))
        return _sentence(self._ours[name], facts)

    def tried(self, examples: Mapping[str, Mapping[str, Any]]) -> str:
        """Try a company's own sentences with examples, and say what is wrong with them; empty if nothing is."""
        if unknown := sorted(self._theirs.keys() - self._ours.keys()):
            return f"there is no sentence {unknown[0]}"
        for name, facts in examples.items():
            self.say(name, **facts)
        return self.trouble


def _sentence(macro: Macro, facts: Mapping[str, Any]) -> str:
    said = macro(*map(facts.__getitem__, macro.arguments))  # type: ignore[attr-defined]
    if "\n" in said:
        said = " ".join(line.strip() for line in said.splitlines())
    said = said.strip()
    if not said or len(said) > LONGEST:
        raise ValueError("empty, or far too long for a sentence")
    return said


def read(package: str, name: str, folder: Path | None) -> Phrases:
    """Read a package's file of sentences, and a company's own; each is compiled once and read anew when it changes."""
    ours = _macros(_packaged(package), name)
    if folder is None:
        return Phrases(ours, {})
    try:
        return Phrases(ours, _macros(_own(folder), name))
    except TemplateNotFound:
        return Phrases(ours, {})
    # A template can fail in as many ways as a program.
    except Exception as error:  # noqa: BLE001
        log.warning("sentences_failed", name=name, error=str(error))
        return Phrases(ours, {}, f"line {getattr(error, 'lineno', '?')}: {error}")


def _macros(environment: Environment, name: str) -> dict[str, Macro]:
    module = environment.get_template(name).module
    return {key: value for key, value in vars(module).items() if hasattr(value, "arguments")}


@lru_cache(maxsize=8)
def _packaged(package: str) -> Environment:
    return _environment(PackageLoader(package))


@lru_cache(maxsize=8)
def _own(folder: Path) -> Environment:
    return _environment(FileSystemLoader(folder))


def _environment(loader: BaseLoader) -> Environment:
    # Sentences are text; whoever puts one into HTML escapes it.
    return Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # noqa: S701
