"""What dashboards are shown."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

EXAMPLE: dict[str, Any] = {
    "account_id": "northwind",
    "name": "Northwind Foods",
    "rep": "rita@example.com",
    "segment": "retail",
    "risk": 0.83,
    "rank": 1,
    "band": "high",
    "rise": 0.59,
    "priority": 70800.0,
    "change_7d": 0.41,
    "reasons": ["Share delivered late 4 % → 19 % in 9 days"],
    "against": ["Driver rating 4.1 → 4.6 of 5 in 28 days"],
    "scored_at": "2026-03-02T12:00:00Z",
    "data_through": "2026-03-02T11:40:00Z",
    "model": "2026-02-20-1",
    "missing": ["csat"],
}


class RiskItem(BaseModel):
    """How likely an account is to complain, and why."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    account_id: str
    name: str
    rep: str | None = Field(description="The rep's e-mail address; null while nobody is named.")
    segment: str | None
    risk: float = Field(description="In [0, 1]: how likely a complaint is within the horizon.")
    rank: int = Field(description="1 is the account most at risk, of all accounts whatever the filter.")
    band: str = Field(description="high: at or over the alert line; watch: over half of it; calm.")
    rise: float | None = Field(
        description="In [0, 1]: how likely more complaints than usual are; null for the starter score."
    )
    priority: float = Field(
        description="The value at stake, by which alerts open: rise (or the starter score) times the value."
    )
    change_7d: float | None = Field(description="Risk now less risk 7 days ago; null if it was not known then.")
    reasons: list[str] = Field(description="What raises the risk: sentences with numbers, the first to tell first.")
    against: list[str] = Field(description="What lowers it, in the same way.")
    scored_at: datetime
    data_through: datetime | None = Field(description="The newest observation that was read.")
    model: str = Field(description='The model\'s version; "starter" is a score that is no trained probability.')
    missing: list[str] = Field(description="Metrics without a value in the last 28 days.")


class RiskList(BaseModel):
    """A page of risks."""

    items: list[RiskItem]
    next: str | None = Field(description="Give it as `cursor` to get the next page; null on the last one.")


class RiskDay(BaseModel):
    """The last risk of a UTC day."""

    day: date
    risk: float
    model: str


class RiskHistory(BaseModel):
    """The risk of an account, day by day, oldest first."""

    account_id: str
    items: list[RiskDay]
