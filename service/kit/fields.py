"""Types of what comes in: text, ids, e-mail addresses, numbers, moments.

Both databases store exactly what these let through. What SQLite would take and PostgreSQL refuse (NUL, lone
surrogates, NaN, far years) is refused here, in the same words for the API and for files. No message repeats its input.
"""

import re
import unicodedata
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

# Control characters, lone surrogates, line separators and marks that turn the direction of text around.
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
UNSAFE_IN_PROSE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*", re.ASCII)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
LARGEST = 1e300


def line(at_least: int, at_most: int) -> AfterValidator:
    """One line of text in NFC, without white space around it, of a length that is counted after that.

    Remembers what it has seen, as the same ids come again and again.
    """

    @lru_cache(maxsize=16_384)
    def clean(text: str) -> str:
        # Far too long to be right, and to be remembered.
        if len(text) > 5 * at_most:
            raise ValueError(lengths)
        if UNSAFE.search(text):
            msg = "holds control characters"
            raise ValueError(msg)
        text = unicodedata.normalize("NFC", text).strip()
        if not at_least <= len(text) <= at_most:
            raise ValueError(lengths)
        return text

    lengths = f"must have {at_least} to {at_most} characters"
    return AfterValidator(clean)


def clean_prose(text: str) -> str:
    """Like a line, but line breaks and tabs may stay."""
    text = text.replace("\r\n", "\n")
    if UNSAFE_IN_PROSE.search(text):
        msg = "holds control characters"
        raise ValueError(msg)
    return unicodedata.normalize("NFC", text).strip()


def clean_address(text: str) -> str:
    """One plain e-mail address in lower case: it goes into the headers of mails."""
    local, _, _ = text.partition("@")
    if len(text) > 254 or len(local) > 64 or not ADDRESS.fullmatch(text):
        msg = "is not one plain e-mail address"
        raise ValueError(msg)
    return text.lower()


def clean_time_zone(text: str) -> str:
    """A zone of the IANA list."""
    if text not in available_zones():
        msg = "is not a time zone of the IANA list, like Europe/Berlin"
        raise ValueError(msg)
    return text


@lru_cache(maxsize=1)
def available_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def read_moment(value: Any) -> datetime:
    """Read a moment from ISO 8601 text with an offset, or from an aware datetime of a columnar file; never a number."""
    if isinstance(value, str):
        value = _parse(value)
    if not isinstance(value, datetime):
        msg = "is not ISO 8601 text like 2026-03-02T12:00:00Z"
        raise ValueError(msg)  # noqa: TRY004 (pydantic collects ValueError only)
    if value.tzinfo is None:
        msg = "has no time zone; end it with Z or an offset like +01:00"
        raise ValueError(msg)
    # Compared before it is converted: the first day of year 1 has no UTC equivalent east of Greenwich.
    if not EARLIEST <= value < LATEST:
        msg = "lies outside 2000 to 2100"
        raise ValueError(msg)
    return value.astimezone(UTC)


def _parse(text: str) -> datetime | None:
    if len(text) > 40 or len(text) < 16 or not (text.isascii() and text.isprintable()):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def read_day(value: Any) -> date:
    """Read a date from ISO 8601 text, or from a date of a columnar file."""
    if isinstance(value, datetime) and not value.time():
        value = value.date()
    if isinstance(value, str) and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, date) or isinstance(value, datetime):
        msg = "is not a date like 2026-03-02"
        raise ValueError(msg)  # noqa: TRY004 (pydantic collects ValueError only)
    if not 1900 <= value.year < 2100:
        msg = "lies outside 1900 to 2100"
        raise ValueError(msg)
    return value


def read_number(value: Any) -> float:
    """Read a finite number between ±1e300; neither text nor true and false are numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        msg = "is not a number"
        raise ValueError(msg)  # noqa: TRY004 (pydantic collects ValueError only)
    # The comparison is false for NaN, and works for whole numbers too large for a float.
    if not -LARGEST < value < LARGEST:
        msg = "is not a finite number within ±1e300"
        raise ValueError(msg)
    return float(value)


def read_whole(value: Any) -> Any:
    """Read 1.0 as 1: to JSON they are the same number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Incoming(BaseModel):
    """What is read from outside: unknown fields are refused, and nothing is guessed from another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _described(pattern: str, **more: Any) -> Any:
    """What the API's description says of a text."""
    return Field(json_schema_extra={"pattern": pattern, **more})


def _json(kind: str, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": kind, **more})


# The rules above in the words of JSON Schema, whose texts have no lone surrogates.
_CONTROLS = r"\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069"
_CONTROLS_IN_PROSE = _CONTROLS.replace(r"\u0000-\u001f", r"\u0000-\u0008\u000b\u000c\u000e-\u001f")
ONE_LINE, PROSE = f"^[^{_CONTROLS}]*$", f"^([^\\r{_CONTROLS_IN_PROSE}]|\\r\\n)*$"
NOT_BLANK = f"^[^{_CONTROLS}]*[^\\s{_CONTROLS}][^{_CONTROLS}]*$"
PROSE_NOT_BLANK = f"{PROSE[:-1]}[^\\s{_CONTROLS_IN_PROSE}]{PROSE[1:]}"

Line = Annotated[str, line(0, 1_000), _described(ONE_LINE, maxLength=1_000)]
Prose = Annotated[str, AfterValidator(clean_prose), _described(PROSE)]
Id = Annotated[str, line(1, 200), _described(NOT_BLANK, minLength=1, maxLength=200)]
MetricId = Annotated[str, line(1, 100), _described(NOT_BLANK, minLength=1, maxLength=100)]
Name = Annotated[str, line(0, 200), _described(ONE_LINE, maxLength=200)]
Word = Annotated[str, line(0, 100), _described(ONE_LINE, maxLength=100)]
ShortWord = Annotated[str, line(0, 40), _described(ONE_LINE, maxLength=40)]
Address = Annotated[str, AfterValidator(clean_address), _json("string", format="email", maxLength=254)]
TimeZone = Annotated[str, AfterValidator(clean_time_zone), _described("^[A-Za-z0-9_+/-]+$", format="time-zone")]
Moment = Annotated[datetime, BeforeValidator(read_moment), _json("string", format="date-time", pattern="^20[0-9]{2}-")]
Day = Annotated[date, BeforeValidator(read_day), _json("string", format="date", pattern="^(19|20)[0-9]{2}-")]
Number = Annotated[
    float, BeforeValidator(read_number), _json("number", exclusiveMinimum=-LARGEST, exclusiveMaximum=LARGEST)
]
Amount = Annotated[
    float, BeforeValidator(read_number), Field(ge=0), _json("number", minimum=0, exclusiveMaximum=LARGEST)
]
