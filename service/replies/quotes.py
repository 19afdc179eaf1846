"""What somebody wrote, without what they quoted and how they sign; pure.

A pass over lines, each looked at a few times. Libraries for this join the patterns of all languages into one
expression, which a mail made for the purpose keeps busy for minutes.
"""

import re

from service.replies.phrases import ALSO, CLOSING, DEVICE, FROM, ORIGINAL, WROTE

LONGEST = 20_000
COLONS = (":", "\N{FULLWIDTH COLON}")


def own_words(text: str) -> str:
    """What the writer of a mail added to it, in at most 20,000 characters."""
    lines = [line.rstrip() for line in text[: 10 * LONGEST].split("\n")]
    start = next((at for at in range(len(lines)) if _quote_begins(lines, at)), len(lines))
    above = [line for line in lines[:start] if not _is_quoted(line)]
    words = "\n".join(_unsigned(above) + _unsigned(_between_quotes(lines[start:])))
    return re.sub(r"\n{3,}", "\n\n", words).strip()[:LONGEST]


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith((">", "|>"))


def _quote_begins(lines: list[str], at: int) -> bool:
    line = lines[at].strip(" *_-\t")
    if not line:
        return False
    return line.casefold() in ORIGINAL or _wrote(lines, at) or _heads(lines, at)


def _wrote(lines: list[str], at: int) -> bool:
    """Whether "On … wrote:" begins here; programs fold it into up to three lines."""
    said = ""
    for line in lines[at : at + 3]:
        said = f"{said} {line.strip()}".strip()
        if len(said) > 400 or not line.strip():
            return False
        if said.endswith(COLONS):
            # Programs of some languages give a date and an address, and no verb.
            dated, named = any(each.isdigit() for each in said), "@" in said
            folded = said.casefold()
            return (dated and named) or ((dated or named) and any(word in folded for word in WROTE))
    return False


def _heads(lines: list[str], at: int) -> bool:
    """Whether the head of a quoted mail begins here: "From: …", and soon "Sent: …" or "Subject: …"."""
    if _label(lines[at]) not in FROM:
        return False
    return sum(_label(line) in ALSO for line in lines[at + 1 : at + 6]) >= 2


def _label(line: str) -> str:
    name, colon, _ = line[:80].replace(COLONS[1], ":").partition(":")
    return name.strip(" *>\t").replace("\N{NO-BREAK SPACE}", " ").casefold() if colon else ""


def _between_quotes(lines: list[str]) -> list[str]:
    """What was written between and below quotes that are marked line by line; nothing if they are not."""
    first = next((at for at, line in enumerate(lines) if _is_quoted(line)), len(lines))
    return [line for line in lines[first:] if not _is_quoted(line)]


def _unsigned(lines: list[str]) -> list[str]:
    """Lines up to the signature, or up to what a phone adds."""
    before = False
    for at, line in enumerate(lines):
        said = line.strip().casefold()
        ruled = len(said) >= 5 and not said.strip("_")
        if said in {"--", "—", "__"} or ruled or (before and len(said) < 80 and said.startswith(DEVICE)):
            return lines[:at]
        if before and said.rstrip(" ,.!…-") in CLOSING and _is_signature(lines[at + 1 :]):
            return lines[:at]
        before = before or bool(said)
    return lines


def _is_signature(lines: list[str]) -> bool:
    """Whether what follows is a name and an address rather than more to read."""
    rest = [line for line in lines if line.strip()]
    return len(rest) <= 15 and all(len(line) <= 80 for line in rest[:3])
