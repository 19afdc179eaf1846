"""What mail programs write around somebody's words, in all languages of `phrases.toml` at once."""

import tomllib
from importlib.resources import files

_LANGUAGES = tomllib.loads(files("service.replies").joinpath("phrases.toml").read_text(encoding="utf-8"))


def _all(kind: str) -> frozenset[str]:
    return frozenset(phrase.casefold() for phrases in _LANGUAGES.values() for phrase in phrases[kind])


WROTE = _all("wrote")
ORIGINAL = _all("original")
FROM = _all("from")
ALSO = _all("also")
DEVICE = tuple(_all("device"))
CLOSING = _all("closing")
AWAY = tuple(_all("away"))
