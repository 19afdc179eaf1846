"""What mails and their headers write in the same way; pure. All else stands in the templates."""

from datetime import datetime
from zoneinfo import ZoneInfo

from models import Alert
from service.kit.fields import UNSAFE

LONGEST_SUBJECT = 150


def clean(text: str, longest: int = 200) -> str:
    """One line without control characters, cut to a length: it goes into headers.

    An encoded word is taken apart: the mail library would decode it, and whatever it hides would become headers.
    """
    line = " ".join(UNSAFE.sub(" ", text).replace("=?", "= ?").split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def moment(at: datetime, time_zone: str) -> str:
    """Write a moment as the reader's wall clock shows it: "Tuesday 3 March, 16:00 (Berlin time)"."""
    local = at.astimezone(ZoneInfo(time_zone))
    place = time_zone.rpartition("/")[2].replace("_", " ")
    whose = "UTC" if place in {"UTC", "GMT"} else f"{place} time"
    return f"{local:%A} {local.day} {local:%B}, {local:%H:%M} ({whose})"


def rising(alert: Alert) -> list[str]:
    """What raises the risk, in the order in which it is to be told."""
    return [each["sentence"] for each in alert.reasons if each["direction"] == "up" and each["sentence"]]
