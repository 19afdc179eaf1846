"""What clients asked for and what they were told, one line an event: the evidence that the checker judges by."""

import json
import threading
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class Outcome(StrEnum):
    """What a client knows of what it asked for. UNKNOWN: the connection ended, or the server said "later"."""

    INVOKE = "invoke"
    OK = "ok"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Event:
    """One line. `work` is what was asked ("observe", "update"), `of` the same in each of its events."""

    outcome: Outcome
    work: str
    of: str
    facts: dict[str, Any] = field(default_factory=dict)
    at: float = 0.0


class History:
    """A file that many threads add to, and that a test reads, meanwhile or when all is over."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        path.touch()

    def note(self, event: Event) -> None:
        line = json.dumps(asdict(event))
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def events(self) -> list[Event]:
        with self._lock:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        return [Event(**row | {"outcome": Outcome(row["outcome"])}) for row in map(json.loads, lines)]
