"""How much room is left where the data folder is."""

import shutil
from typing import NamedTuple

from service.kit.settings import Settings


class Room(NamedTuple):
    """Bytes of a disk, and how many of them are free."""

    total: int
    free: int


def room(settings: Settings) -> Room:
    """The room on the disk of the data folder, or of where it would be made."""
    folder = settings.data_dir.absolute()
    while not folder.exists():
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    return Room(usage.total, usage.free)
