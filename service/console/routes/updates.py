"""Write an update for the rep."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form
from starlette.responses import Response

from service.console.attempt import Trying
from service.console.rules import local_moment
from service.kit.errors import Conflict
from service.kit.fields import EARLIEST, LATEST, Prose, Word
from service.updates.actions import write_update
from service.updates.rules import UpdateIncomplete
from service.updates.schemas import UpdateIn

router = APIRouter(prefix="/alerts/{alert_id}", include_in_schema=False)

Text = Annotated[Prose, Form(max_length=2000)]
Time = Annotated[str, Form(max_length=40)]


@dataclass(frozen=True)
class Draft:
    """The form as it was typed. The next time is an offered one, or "own" and what the field beside it says."""

    cause: Text = ""
    owner: Annotated[Word, Form()] = ""
    fix: Text = ""
    say: Text = ""
    next_update_at: Time = ""
    own_time: Time = ""
    urgent: Annotated[bool, Form()] = False

    def said(self, zone: ZoneInfo) -> UpdateIn:
        """The update as it would be told; a time that cannot be read is missing."""
        return UpdateIn(
            cause=self.cause,
            owner=self.owner,
            fix=self.fix,
            say=self.say,
            next_update_at=self._next(zone),
            urgent=self.urgent,
        )

    def _next(self, zone: ZoneInfo) -> datetime | None:
        own = self.next_update_at == "own" or not self.next_update_at
        moment = local_moment(self.own_time if own else self.next_update_at, zone)
        return moment if moment and EARLIEST <= moment < LATEST else None


@router.post("/updates")
def send_update(attempt: Trying, draft: Annotated[Draft, Depends()]) -> Response:
    """Write it and let the worker mail it. What is missing is shown beside what was typed; nothing is lost."""
    try:
        attempt.change(write_update, draft.said(attempt.visitor.zone))
    except UpdateIncomplete as problem:
        return attempt.refused(problem, draft=asdict(draft), missing=problem.facts["missing"])
    except Conflict as problem:
        return attempt.refused(problem, draft=asdict(draft))
    return attempt.done(sent=True)
