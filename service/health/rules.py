"""Whether the service is fit to work; pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from inspect import cleandoc

from models import WorkerStep
from service.kit.errors import HeadsupError, Unavailable

SILENT = timedelta(minutes=5)
# Errors of HTTP itself, which no error of ours stands for.
OF_HTTP: Mapping[str, tuple[str, str]] = {
    "http-400": ("Bad Request", "The request could not be read: the body broke off, or is no JSON that can be read."),
    "http-404": ("Not Found", "There is no such page or route. The routes are listed in /v1/openapi.json."),
    "http-405": (
        "Method Not Allowed",
        "The route exists, but not with this method. The header Allow names those it has.",
    ),
    "http-413": ("Content Too Large", "The body is larger than HEADSUP_MAX_BODY_MB. Send it in several requests."),
}


class NotReady(Unavailable):
    """The service is not ready.

    The database does not have the right schema, or a step of the worker has not ended for five minutes.
    """


def silent_steps(steps: Iterable[WorkerStep], *, now: datetime) -> list[str]:
    """Steps of the worker that have not ended well for five minutes."""
    return sorted(
        step.name for step in steps if (step.ended_at or datetime.min.replace(tzinfo=now.tzinfo)) < now - SILENT
    )


def explanations() -> dict[str, tuple[str, str]]:
    """Title and explanation of each kind of error, by slug."""
    return {kind.slug(): (kind.title(), cleandoc(kind.__doc__ or "")) for kind in _family(HeadsupError)} | dict(OF_HTTP)


def _family(kind: type[HeadsupError]) -> Iterable[type[HeadsupError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _family(child)
