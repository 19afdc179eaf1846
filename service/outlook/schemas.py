"""The outlook as it goes out."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from service.alerts.schemas import HoldoutOut, holdout_out
from service.alerts.trial import Measured
from service.outlook.actions import Entry, Ledger

MOST_MISSED = 100


class TallyOut(BaseModel):
    """Complaints by verdict and alerts by outcome. Rates are shares, null where there is nothing to divide by."""

    complaints: int
    told_first: int = Field(description="The rep had our mail before the client complained.")
    told_late: int = Field(description="The rep had our mail only within 7 days after the complaint.")
    not_told: int = Field(description="An alert was raised, but no mail went out.")
    missed: int = Field(description="No alert had been raised.")
    told_first_rate: float | None
    head_start_hours_median: float | None = Field(description="In working hours of the rep.")
    alerts: int
    right: int = Field(description="The client complained within the horizon, or while the alert was live.")
    quiet: int = Field(description="No complaint came: a false alarm, or a fix that worked.")
    wrong: int = Field(description="Operations called it wrong.")
    pending: int = Field(description="The horizon is not over.")
    right_rate: float | None = Field(description="Right ones among those that are not pending.")


class WeekOut(TallyOut):
    """An ISO week in UTC."""

    week: str
    begins_on: date


class MissedOut(BaseModel):
    """A complaint that nothing warned of."""

    complaint_id: str
    account_id: str
    account_name: str
    rep: str | None
    occurred_at: datetime
    severity: int | None
    about: str | None


WEEK: dict[str, Any] = {
    "complaints": 9,
    "told_first": 5,
    "told_late": 1,
    "not_told": 1,
    "missed": 2,
    "told_first_rate": 0.5556,
    "head_start_hours_median": 19.5,
    "alerts": 14,
    "right": 6,
    "quiet": 5,
    "wrong": 1,
    "pending": 2,
    "right_rate": 0.5,
}


class OutlookOut(BaseModel):
    """Complaints of [since, until) held against what was said."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "since": "2026-02-23T00:00:00Z",
                    "until": "2026-03-02T00:00:00Z",
                    "watching_since": "2026-01-05T00:00:00Z",
                    "summary": WEEK,
                    "weeks": [{"week": "2026-W09", "begins_on": "2026-02-23", **WEEK}],
                    "missed": [],
                }
            ]
        }
    )

    since: datetime
    until: datetime
    watching_since: datetime | None = Field(description="Complaints from before Headsup began to watch do not count.")
    summary: TallyOut
    weeks: list[WeekOut]
    missed: list[MissedOut] = Field(description=f"The newest {MOST_MISSED}.")
    holdout: HoldoutOut | None = Field(None, description="Over all time; null unless accounts are held back.")


def outlook_out(ledger: Ledger, measured: Measured | None = None) -> OutlookOut:
    """Show a ledger, and what the hold-out says while it is on."""
    return OutlookOut(
        since=ledger.since,
        until=ledger.until,
        watching_since=ledger.watching_since,
        summary=TallyOut(**asdict(ledger.total)),
        weeks=[WeekOut(week=week.name, begins_on=week.begins_on, **asdict(week.tally)) for week in ledger.weeks],
        missed=[_missed_out(entry) for entry in ledger.missed[:MOST_MISSED]],
        holdout=holdout_out(measured) if measured else None,
    )


def _missed_out(entry: Entry) -> MissedOut:
    complaint = entry.complaint
    return MissedOut(
        complaint_id=complaint.external_id,
        account_id=complaint.account,
        account_name=complaint.account_name,
        rep=complaint.rep,
        occurred_at=complaint.occurred_at,
        severity=complaint.severity,
        about=complaint.about,
    )
