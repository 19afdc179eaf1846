"""Accounts as they come in and go out."""

from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from models import Account
from service.kit.fields import Address, Amount, Day, Id, Incoming, Name, TimeZone, Word, read_whole
from service.kit.hours import Place, QuietHours, WorkDays
from service.kit.rows import Columns, RowProblem, digits_cell, number_cell, whole_cell

EXAMPLE: dict[str, Any] = {
    "name": "Northwind Foods",
    "rep_email": "rita@example.com",
    "rep_name": "Rita Reyes",
    "rep_time_zone": "Europe/Berlin",
    "rep_manager_email": "mara@example.com",
    "rep_work_days": "12345",
    "rep_quiet_hours": "20:00-07:00",
    "rep_holidays": "DE-BE",
    "rep_digest_day": 1,
    "rep_digest_hour": 9,
    "owner_email": "ola@example.com",
    "value": 120000.0,
    "time_zone": "Europe/Berlin",
    "started_on": "2024-05-01",
    "segment": "retail",
}
DigestDay = Annotated[int, Field(ge=0, le=7), BeforeValidator(read_whole)]
DigestHour = Annotated[int, Field(ge=0, le=23), BeforeValidator(read_whole)]


class AccountIn(Incoming):
    """All that is known of an account. It replaces what was known: a field left out becomes empty."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: Name | None = Field(None, description="Empty means the account's id.")
    rep_email: Address | None = Field(None, description="Who is told before the client calls.")
    rep_name: Name | None = None
    rep_time_zone: TimeZone | None = Field(None, description="A new rep without one takes the account's.")
    rep_manager_email: Address | None = None
    rep_work_days: WorkDays | None = Field(None, description="Days on which the rep gets heads-ups; 1 is Monday.")
    rep_quiet_hours: QuietHours | None = Field(None, description="Wall times between which no mail comes.")
    rep_holidays: Place | None = Field(None, description="Country, or a part of one, like DE or DE-BY.")
    rep_digest_day: DigestDay | None = Field(None, description="Day of the weekly mail, 1 is Monday; 0: none.")
    rep_digest_hour: DigestHour | None = Field(None, description="Its hour on the rep's wall clock.")
    owner_email: Address | None = Field(None, description="Who in operations looks after the account.")
    value: Amount | None = Field(None, description="What the account is worth a year.")
    time_zone: TimeZone = "UTC"
    started_on: Day | None = None
    segment: Word | None = None


class AccountRow(AccountIn):
    """An account in a list."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"account_id": "northwind", **EXAMPLE}]})

    account_id: Id


COLUMNS = Columns(
    AccountRow,
    {"value": number_cell, "rep_work_days": digits_cell, "rep_digest_day": whole_cell, "rep_digest_hour": whole_cell},
)


class AccountOut(BaseModel):
    """An account as it is known."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"account_id": "northwind", **EXAMPLE}]})

    account_id: str
    name: str
    rep_email: str | None
    rep_name: str | None
    rep_time_zone: str | None
    rep_manager_email: str | None
    rep_work_days: str | None
    rep_quiet_hours: str | None
    rep_holidays: str | None
    rep_digest_day: int | None
    rep_digest_hour: int | None
    owner_email: str | None
    value: float | None
    time_zone: str
    started_on: date | None
    segment: str | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, account: Account) -> Self:
        """Show an account whose rep is loaded."""
        rep = account.rep
        return cls(
            account_id=account.external_id,
            name=account.name,
            rep_email=rep.email if rep else None,
            rep_name=rep.name if rep else None,
            rep_time_zone=rep.time_zone if rep else None,
            rep_manager_email=rep.manager_email if rep else None,
            rep_work_days=rep.work_days if rep else None,
            rep_quiet_hours=rep.quiet_hours if rep else None,
            rep_holidays=rep.holidays if rep else None,
            rep_digest_day=rep.digest_day if rep else None,
            rep_digest_hour=rep.digest_hour if rep else None,
            owner_email=account.owner_email,
            value=account.value,
            time_zone=account.time_zone,
            started_on=account.started_on,
            segment=account.segment,
            created_at=account.created_at,
            updated_at=account.updated_at,
        )


class AccountList(BaseModel):
    """A page of accounts, by id."""

    items: list[AccountOut]
    next: str | None = Field(description="Give it as `cursor` to get the next page; null on the last one.")


class AccountsStored(BaseModel):
    """What became of a list of accounts."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "accepted": 1,
                    "rejected": 1,
                    "problems": [{"index": 1, "field": "value", "reason": "is not a number"}],
                    "new_accounts": ["northwind"],
                }
            ]
        }
    )

    accepted: int
    rejected: int
    problems: list[RowProblem]
    new_accounts: list[str] = Field(description="Accounts that were not known before.")
