"""HTTP of watching."""

from typing import Annotated

from fastapi import APIRouter, Query

from service.access.guards import Reader
from service.kit.http import Config, Db, Now
from service.watching import report
from service.watching.schemas import ModelOut, model_out

router = APIRouter(prefix="/v1/model", tags=["model"])


@router.get("")
def show_model(
    db: Db, settings: Config, now: Now, _caller: Reader, days: Annotated[int, Query(ge=1, le=3650)] = 120
) -> ModelOut:
    """Tell how the speaking model does: promised and lived, what has moved, and the candidate beside it."""
    with db.read() as session:
        return model_out(report.read(session, settings, now=now, days=days))
