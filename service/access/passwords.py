"""Which passwords are too easy to guess.

The common ones of twelve characters and more are made of few parts that everybody knows: words, runs of keys, years,
one thing again and again. So are the many that no list has yet; an administrator may name a file of others.
"""

import re
from collections.abc import Collection, Iterator
from importlib.resources import files
from math import inf
from pathlib import Path
from urllib.parse import urlsplit

from service.kit.errors import Invalid
from service.kit.settings import Settings

MIN_LENGTH, MOST_LENGTH = 12, 1_000
# Five parts or more, each out of some hundreds, are as good as eight random characters.
TOO_FEW_PARTS = 4
# What has to be left of a password without the words that fit the company and the person.
LEFT = 8
SHORTEST_WORD = 4
LONGEST_NUMBER = 8
# What the words of a password are most often made of, in the languages of the reps' mails; lower case, letters only.
WORDS = frozenset((files("service.access") / "well_known_words.txt").read_text(encoding="utf-8").split())
ROWS = (
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiopu",
    "asdfghjklo",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "abcdefghijklmnopqrstuvwxyz",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1qazxsw23edcvfr4",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "qweasdzxc",
    "qaywsxedcrfvtgbzhnujm",
    "147258369",
    "741852963",
    "789456123",
)
RUNS = frozenset(
    way[start:end]
    for row in ROWS
    for way in (row, row[::-1])
    for start in range(len(row))
    for end in range(start + 3, len(row) + 1)
)
# How people write letters; of the same length, so that a place in one is the same place in the other.
LETTERS = str.maketrans("@43!1|05$7+€", "aaeiilosstte")
AGAIN_AND_AGAIN = re.compile(r"(.{1,10}?)\1+.{0,2}")


class PasswordTooShort(Invalid):
    """The password is too short."""


class PasswordTooEasy(Invalid):
    """This password is easy to guess."""


def check(password: str, words: Collection[str] = ()) -> None:
    """Refuse a password that is guessed early. `words` are those that fit whoever it is for.

    Raises:
        PasswordTooShort: fewer than 12 characters.
        PasswordTooEasy: of few parts that everybody knows, or of the words and little else.
    """
    if len(password) < MIN_LENGTH:
        raise PasswordTooShort(f"Take at least {MIN_LENGTH} characters.")
    if len(_without(password, words)) < LEFT:
        raise PasswordTooEasy("It is little more than a name of your company, of yourself or of this program.")
    if AGAIN_AND_AGAIN.fullmatch(password.casefold()) or parts(password) <= TOO_FEW_PARTS:
        raise PasswordTooEasy("It is made of what everybody tries first: take some words that have nothing in common.")


def refuse_listed(password: str, listed: Path | None) -> None:
    """Refuse a password that stands in the administrator's file, one a line; None is no file.

    Raises:
        PasswordTooEasy: it stands there.
    """
    if listed is None:
        return
    with listed.open(encoding="utf-8", errors="replace") as lines:
        if any(line.rstrip("\r\n") == password for line in lines):
            raise PasswordTooEasy("It is on the list of passwords that are refused here.")


def fitting_words(settings: Settings, *of_person: str) -> set[str]:
    """Words that a guesser would try here: of the company, of this program, of a person's name and address."""
    host = urlsplit(settings.site_url).hostname or ""
    known = [host.rpartition(".")[0], settings.mail_from.rpartition(".")[0], settings.password_words, "headsup"]
    written = " ".join([*known, *(each.rpartition(".")[0] if "@" in each else each for each in of_person)])
    return {word for word in re.findall(r"[^\W_]+", written.casefold()) if len(word) >= SHORTEST_WORD}


def parts(password: str) -> float:
    """The fewest well-known parts that a password is made of, signs between them aside; infinite if it is not."""
    plain = password.casefold()
    fewest = [0.0] + [inf] * len(plain)
    for start in range(len(plain)):
        if not plain[start].isalnum():
            fewest[start + 1] = min(fewest[start + 1], fewest[start])
        if fewest[start] < inf:
            for end in _ends(plain, start):
                fewest[end] = min(fewest[end], fewest[start] + 1)
    return fewest[-1]


def _ends(plain: str, start: int) -> Iterator[int]:
    """Where parts end that begin here."""
    letters = plain.translate(LETTERS)
    for end in range(start + 1, min(len(plain), start + 36) + 1):
        part = plain[start:end]
        number = part.isdecimal() and len(part) <= LONGEST_NUMBER
        if number or part in RUNS or len(set(part)) == 1 or {part, letters[start:end]} & WORDS:
            yield end


def _without(password: str, words: Collection[str]) -> str:
    plain = password.casefold()
    for word in sorted(words, key=len, reverse=True):
        plain = plain.replace(word, "")
        plain = plain if word not in plain.translate(LETTERS) else plain.translate(LETTERS).replace(word, "")
    return plain
