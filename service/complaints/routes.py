"""HTTP of complaints."""

from functools import partial
from typing import Any

from fastapi import APIRouter

from service.access.guards import Ingester
from service.accounts.queries import unknown_accounts
from service.complaints import actions, rules
from service.complaints.schemas import COLUMNS, EXAMPLE, ComplaintIn, ComplaintsStored
from service.kit.bodies import Body, documented, rows_of
from service.kit.http import Config, Db, Now, problems
from service.kit.retry import transact
from service.kit.rows import check_rows

router = APIRouter(prefix="/v1/complaints", tags=["complaints"])
DOCUMENTED: dict[str, Any] = documented("complaints", ComplaintIn, EXAMPLE)


@router.post("", responses=problems(400, 413, 415), openapi_extra=DOCUMENTED)
def record_complaints(
    caller: Ingester, body: Body, db: Db, settings: Config, now: Now, *, dry_run: bool = False
) -> ComplaintsStored:
    """Record complaints: a list of them, or in JSON a single one without the list around it.

    Good rows are stored, bad rows come back with index, field and reason. A `complaint_id` that is known corrects
    what was said before. `?dry_run=true` answers the same and stores nothing.
    """
    rows = rows_of(body, "complaints", COLUMNS, max_rows=settings.max_rows, single=True)
    checked = check_rows(ComplaintIn, rows, partial(rules.ahead_of_time, latest=now + rules.AHEAD))
    if dry_run:
        with db.read() as session:
            new = unknown_accounts(session, {row.account_id for row in checked.good})
    else:
        new = transact(
            db,
            lambda session: actions.record_complaints(session, checked.good, by=caller.actor, now=now),
            rows=len(checked.good),
        )
    return ComplaintsStored(
        accepted=len(checked.good), rejected=checked.rejected, problems=checked.problems, new_accounts=new
    )
