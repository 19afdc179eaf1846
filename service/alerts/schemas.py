"""Alerts as they go out, and what people say about them as it comes in."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from models import Alert, AlertEvent, AlertStatus, Resolution, WrongReason
from service.alerts.queries import LIVE_STATUSES
from service.alerts.trial import Measured
from service.kit.fields import PROSE_NOT_BLANK, Address, Incoming, Moment, Number, Prose

Note = Annotated[Prose, Field(max_length=2000)]


class Shown(StrEnum):
    """Which alerts a list shows; `live` are all that have not ended."""

    LIVE = "live"
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    ALL = "all"

    def statuses(self) -> tuple[AlertStatus, ...]:
        if self is Shown.LIVE:
            return LIVE_STATUSES
        return tuple(AlertStatus) if self is Shown.ALL else (AlertStatus(self.value),)


class AssignIn(Incoming):
    """Who shall have the alert."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"to": "ola@example.com"}]})

    to: Address = Field(description="Address of an operator who can sign in.")


class SnoozeIn(Incoming):
    """Until when not to ask again: a time, a risk, or whichever of both comes first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"until": "2026-03-05T08:00:00Z", "until_risk": 0.9}]})

    until: Moment | None = Field(None, description="Ahead, by at most 90 days.")
    until_risk: Number | None = Field(None, description="Above the present risk, at most 1.")


class ResolveIn(Incoming):
    """What was done."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "Rerouted through depot 4."}]})

    note: Note = ""


class WrongIn(Incoming):
    """Why the alert should not have been raised; training uses it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"why": "These were test orders.", "reason": "data_error"}]}
    )

    why: Annotated[Note, Field(min_length=1, json_schema_extra={"pattern": PROSE_NOT_BLANK})]
    reason: WrongReason = Field(
        WrongReason.OTHER,
        strict=False,
        description="`data_error`: the figures are not true, so that time is left out of training. "
        "`already_solved`: somebody had acted before. The others are kept as they are: the outcome tells.",
    )


EXAMPLE: dict[str, Any] = {
    "id": "5f0c9f4e-6c0e-4f0e-9a55-0d6f3f1d2b7a",
    "account_id": "northwind",
    "account_name": "Northwind Foods",
    "rep": "rita@example.com",
    "status": "acknowledged",
    "risk": 0.86,
    "risk_opened": 0.81,
    "line": 0.7,
    "model": "starter",
    "reasons": [
        {
            "metric": "late_share",
            "direction": "up",
            "weight": 1.2,
            "sentence": "Share delivered late 4 % → 19 % in 9 days",
        }
    ],
    "opened_at": "2026-03-02T12:00:00Z",
    "asked_at": "2026-03-02T12:00:00Z",
    "acknowledged_at": "2026-03-02T12:14:00Z",
    "acknowledged_by": "ola@example.com",
    "assigned_to": "ola@example.com",
}


class AlertOut(BaseModel):
    """An alert as it stands."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: UUID
    account_id: str
    account_name: str
    rep: str | None = Field(description="Address of the account's rep; null until somebody names one.")
    status: AlertStatus
    risk: float = Field(description="The account's present risk, 0 to 1.")
    risk_opened: float
    line: float = Field(description="The alert line when it opened.")
    model: str
    reasons: list[dict[str, Any]] = Field(description="Why it opened, the strongest reason first.")
    opened_at: datetime
    asked_at: datetime = Field(description="When operations was last asked: it opened, or woke.")
    calm_since: datetime | None = Field(description="Since when the risk has been low again.")
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    assigned_to: str | None
    snoozed_until: datetime | None
    snoozed_until_risk: float | None
    escalated_at: datetime | None
    resolved_at: datetime | None
    resolved_by: str | None
    resolution: Resolution | None
    resolution_note: str
    wrong_reason: WrongReason | None = Field(description="Only of an alert that was called wrong.")


class EventOut(BaseModel):
    """One thing that happened to an alert."""

    at: datetime
    kind: str
    actor: str
    detail: dict[str, Any]


class AlertStory(AlertOut):
    """An alert with all that happened to it, in order."""

    events: list[EventOut]


class AlertPage(BaseModel):
    """A page of alerts."""

    items: list[AlertOut]
    next: str | None = Field(description="Give it as `cursor` to get the next page; null on the last one.")
    waiting: int = Field(description="Accounts over the line that get no alert today: the budget is used up.")


def alert_out(alert: Alert) -> AlertOut:
    """Show an alert. Its account and rep must be loaded."""
    return AlertOut(**_facts(alert))


def alert_story(alert: Alert, events: list[AlertEvent]) -> AlertStory:
    """Show an alert with its history."""
    told = [EventOut(at=event.at, kind=event.kind, actor=event.actor, detail=event.detail) for event in events]
    return AlertStory(**_facts(alert), events=told)


def _facts(alert: Alert) -> dict[str, Any]:
    same = AlertOut.model_fields.keys() - {"account_id", "account_name", "rep", "calm_since", "snoozed_until_risk"}
    return {name: getattr(alert, name) for name in same} | {
        "account_id": alert.account.external_id,
        "account_name": alert.account.name,
        "rep": alert.account.rep.email if alert.account.rep else None,
        "calm_since": alert.below_since,
        "snoozed_until_risk": alert.snooze_risk,
    }


class ArmOut(BaseModel):
    """Accounts whose horizon is over, and how many complained in it."""

    accounts: int
    complained: int
    rate: float | None


class HoldoutOut(BaseModel):
    """What the silent hold-out has shown so far."""

    share: float = Field(description="The share that is held back now; 0 is off.")
    held_now: int
    held: ArmOut
    alerted: ArmOut = Field(description="Accounts that took part in the same draws and were alerted.")
    kept_away: float | None = Field(
        description="Complaints that an alert keeps away, per alert: the rate of the held less that of the alerted."
    )
    kept_away_low: float | None = Field(description="Lower bound of 95 %.")
    kept_away_high: float | None


def holdout_out(measured: Measured) -> HoldoutOut:
    """Show what the hold-out says."""
    held, alerted, worth = measured.held, measured.alerted, measured.worth
    return HoldoutOut(
        share=measured.share,
        held_now=measured.live,
        held=ArmOut(accounts=held.accounts, complained=held.complained, rate=held.rate),
        alerted=ArmOut(accounts=alerted.accounts, complained=alerted.complained, rate=alerted.rate),
        kept_away=worth.kept_away if worth else None,
        kept_away_low=worth.low if worth else None,
        kept_away_high=worth.high if worth else None,
    )
