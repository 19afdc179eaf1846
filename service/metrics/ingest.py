"""Observations of requests that come at the same time are stored together; each request gets an answer of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models import IngestKey
from service.kit.database import Session
from service.kit.rows import Checked
from service.metrics import actions
from service.metrics.schemas import ObservationIn, ObservationsStored


@dataclass(frozen=True)
class Claim:
    """An Idempotency-Key, whose it is, and the SHA-256 of the body that came with it."""

    api_key_id: int
    key: str
    body_sha256: str


@dataclass(frozen=True)
class Sent:
    """What one request brought."""

    checked: Checked[ObservationIn]
    by: str
    now: datetime
    claim: Claim | None = None


def store(session: Session, requests: Sequence[Sent]) -> list[tuple[ObservationsStored, bool]]:
    """Store what these requests brought; the answer to each, and whether it is one that was given before.

    Raises:
        IdempotencyKeyReused: a key came before with another body.
    """
    claimed = [_claimed(session, each) for each in requests]
    first = [at for at, key in enumerate(claimed) if key is None or (not key.answer and key not in claimed[:at])]
    batches = [actions.Batch(requests[at].checked.good, requests[at].by, requests[at].now) for at in first]
    answers: dict[int, ObservationsStored] = {}
    for at, stored in zip(first, actions.store_batches(session, batches), strict=True):
        answers[at] = answer(requests[at].checked, stored)
        if key := claimed[at]:
            key.answer = answers[at].model_dump()
    for at, key in enumerate(claimed):
        if key and at not in answers:
            answers[at] = ObservationsStored.model_validate(key.answer)
    return [(answers[at], at not in first) for at in range(len(requests))]


def answer(checked: Checked[ObservationIn], stored: actions.Stored) -> ObservationsStored:
    """Tell what became of the rows of one request."""
    return ObservationsStored(
        accepted=len(checked.good),
        rejected=checked.rejected,
        problems=checked.problems,
        new_accounts=stored.new_accounts,
        new_metrics=stored.new_metrics,
    )


def _claimed(session: Session, sent: Sent) -> IngestKey | None:
    if sent.claim is None:
        return None
    claim = sent.claim
    return actions.claim_key(session, claim.api_key_id, claim.key, claim.body_sha256, now=sent.now)
