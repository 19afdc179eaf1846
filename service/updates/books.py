"""The files of sentences that a company can put in its own words, beside the mails."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.kit import phrases
from service.scoring import phrasebook as reasons
from service.watching import phrasebook as watching


@dataclass(frozen=True)
class Book:
    """What a file says, the package where ours lies, and examples of what its sentences are given."""

    about: str
    package: str
    examples: Mapping[str, Mapping[str, Any]]


BOOKS = {
    reasons.FILE: Book(
        "Why a risk is high or low: what alerts, the API, the console and mails tell. The words are chosen when an "
        "account is scored. A sentence has no full stop.",
        reasons.PACKAGE,
        reasons.EXAMPLES,
    ),
    watching.FILE: Book(
        "What leads are told of a model that is not what it was, by mail and on the page *Model*.",
        watching.PACKAGE,
        watching.EXAMPLES,
    ),
}


def trouble(folder: Path) -> str:
    """Say what is wrong with a company's own sentences; empty if nothing is."""
    for name, book in BOOKS.items():
        if found := phrases.read(book.package, name, folder).tried(book.examples):
            return f"{name}, {found}"
    return ""
