"""One round of composing and sending, as of the moment in ROUND_AT, in a process that may die of it."""

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from service.kit.database import Database
from service.kit.settings import Settings
from service.updates import send, tell


def main() -> None:
    """Live through one round."""
    settings = Settings.load(Path(os.environ["HEADSUP_DATA_DIR"]))
    db, now = Database(settings.database), datetime.fromisoformat(os.environ["ROUND_AT"])
    with suppress(tell.NotComposed):
        tell.compose(db, settings, now=now)
    send.send(db, settings, now=now)
