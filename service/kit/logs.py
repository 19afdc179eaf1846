"""Logs: events with facts, never prose; ids, never names or message texts.

One event is one line of at most 8 kB, whatever is in it. What an exception says may quote what was sent, so the log
tells its kind and place instead; addresses, keys, passwords in URLs and signed links are taken out wherever they stand.
"""

import io
import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from service.kit.errors import HeadsupError
from service.kit.fields import UNSAFE
from service.kit.settings import Settings

MOST_BYTES, MOST_FACTS, MOST_CHARACTERS, MOST_FRAMES = 8_000, 40, 1_000, 30
FIRST = frozenset({"event", "level", "timestamp", "exception", "_record", "_from_structlog", "_logger", "_name"})
SECRETS = (
    (re.compile(r"hu_[0-9a-f]{12}_[0-9A-Za-z_-]+"), "[key]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[^\s\"']+"), r"\1 [secret]"),
    (re.compile(r"(\w://)[^/\s@]*@"), r"\1[secret] at "),
    (re.compile(r"(/[apu]/|cursor=|token=|next=)[^\s\"'&<>]+"), r"\1[secret]"),
    (re.compile(r"[^\s\"'<>(),;:@]+@[^\s\"'<>(),;:@]+"), "[address]"),
)


class _Lossy(io.TextIOBase):
    """A file that loses what it cannot take: work goes on where the disk of the log is full, or its file closed."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._file.flush()


def configure(settings: Settings) -> None:
    """Write key=value lines to a terminal and JSON lines elsewhere, on standard error."""
    pretty = settings.log_format == "console" or (settings.log_format == "auto" and sys.stderr.isatty())
    renderer: Processor = structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer()
    lossy = _Lossy(sys.stderr)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _tell_exception,
        _make_harmless,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=structlog.WriteLoggerFactory(lossy),  # type: ignore[arg-type]
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(lossy)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)


def redacted(text: str) -> str:
    """The text without what tells who somebody is or lets somebody in."""
    for pattern, instead in SECRETS:
        text = pattern.sub(instead, text)
    return text


def _tell_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["exception"] = [line for each in _chain(error) for line in _told(each)][:MOST_FRAMES]
    event.pop("stack_info", None)
    return event


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from."""
    current: BaseException | None = error
    for _ in range(5):
        if current is None:
            return
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def _told(error: BaseException) -> Iterator[str]:
    """Kind of an error, and where it was raised, the innermost first. Only our own errors say more: we chose words."""
    yield f"{type(error).__name__}: {error}" if isinstance(error, HeadsupError) else type(error).__name__
    frames = []
    place = error.__traceback__
    while place:
        code = place.tb_frame.f_code
        frames.append(f"  {Path(code.co_filename).name}:{place.tb_lineno} {code.co_name}")
        place = place.tb_next
    yield from reversed(frames[-10:])


def _make_harmless(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    longest = MOST_CHARACTERS
    while True:
        kept = _harmless(event, longest)
        if longest < 8 or len(json.dumps(kept, default=str)) <= MOST_BYTES:
            return kept
        longest //= 2


def _harmless(event: Mapping[str, Any], longest: int) -> dict[str, Any]:
    facts = sorted(event.items(), key=lambda fact: fact[0] not in FIRST)[:MOST_FACTS]
    # What structlog adds for itself begins with an underscore and is taken out again before anything is written.
    return {_text(str(key), 60): value if key.startswith("_") else _fact(value, longest) for key, value in facts}


def _fact(value: Any, longest: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value if not isinstance(value, int) or abs(value) < 2**63 else "[number]"
    if isinstance(value, list | tuple | set | frozenset):
        return [_fact(each, longest) for each in list(value)[: min(MOST_FRAMES, longest)]]
    if isinstance(value, Mapping):
        return {_text(str(key), 60): _fact(each, longest) for key, each in list(value.items())[: min(20, longest)]}
    return _text(str(value), longest)


def _text(text: str, longest: int) -> str:
    cut = redacted(text[: 4 * longest])
    cut = UNSAFE.sub(lambda match: match[0].encode("unicode_escape", "backslashreplace").decode(), cut)
    return cut if len(cut) <= longest else f"{cut[:longest]}…"
