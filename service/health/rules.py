"""Whether the service is fit to work; pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from inspect import cleandoc

from models import WorkerStep
from service.kit.errors import HeadsupError, Unavailable

SILENT = timedelta(minutes=5)
EVERY = timedelta(minutes=5)
FULL_FROM, ROOM = 0.9, 2**30
"""A disk is nearly full when this share of it is used and less than a gigabyte is left."""
REHEARSAL = "rehearsal"
REHEARSER = "headsup-rehearsal"
"""The made-up account, its metric, and who acts in a rehearsal."""
# Errors of HTTP itself, which no error of ours stands for.
OF_HTTP: Mapping[str, tuple[str, str]] = {
    "http-400": ("Bad Request", "The request could not be read: the body broke off, or is no JSON that can be read."),
    "http-404": ("Not Found", "There is no such page or route. The routes are listed in /v1/openapi.json."),
    "http-405": (
        "Method Not Allowed",
        "The route exists, but not with this method. The header Allow names those it has.",
    ),
    "http-503": (
        "Service Unavailable",
        "More is asked or sent at once than can be answered in time. Send it again after the seconds in Retry-After.",
    ),
    "http-413": ("Content Too Large", "The body is larger than HEADSUP_MAX_BODY_MB. Send it in several requests."),
}


class NotReady(Unavailable):
    """The service is not ready.

    The database does not have the right schema, or a step of the worker has not ended for five minutes.
    """


class Leaving(Unavailable):
    """This process is about to end.

    It was told to stop: it finishes what is under way and takes no new connections in a moment.
    """


class PipelineStands(Unavailable):
    """A stage of the way from metric to mail stands still.

    `standing_still` names each stage and what was seen. The web still answers; reps may not be told.
    """


def silent_steps(steps: Iterable[WorkerStep], *, now: datetime) -> list[str]:
    """Steps of the worker that have not ended well for five minutes."""
    return sorted(step.name for step in steps if step.name != REHEARSAL and _before(step.ended_at, now - SILENT))


def _before(moment: datetime | None, limit: datetime) -> bool:
    return moment is None or moment < limit


def standing_still(steps: Iterable[WorkerStep], overdue: Mapping[str, int], *, now: datetime) -> list[str]:
    """What of the way from metric to mail does not work; each in words."""
    steps = list(steps)
    found = [f"{name}: its step in the worker has not ended for 5 minutes" for name in silent_steps(steps, now=now)]
    found += [f"{stage}: {count} wait for more than 10 minutes" for stage, count in overdue.items() if count]
    for rehearsal in (step for step in steps if step.name == REHEARSAL):
        if rehearsal.error:
            found.append(rehearsal.error)
        elif _before(rehearsal.ended_at, now - 2 * EVERY):
            found.append("rehearsal: none came through for 10 minutes")
    return found


def nearly_full(total: int, free: int) -> list[str]:
    """What to say of a disk of so many bytes; nothing while there is room."""
    used = 1 - free / total
    if used < FULL_FROM or free >= ROOM:
        return []
    return [f"disk: {used:.0%} used, {free / 2**20:.0f} MB left; nothing can be stored or sent when it is full"]


def explanations() -> dict[str, tuple[str, str]]:
    """Title and explanation of each kind of error, by slug."""
    return {kind.slug(): (kind.title(), cleandoc(kind.__doc__ or "")) for kind in _family(HeadsupError)} | dict(OF_HTTP)


def _family(kind: type[HeadsupError]) -> Iterable[type[HeadsupError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _family(child)
