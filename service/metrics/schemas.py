"""Metrics and observations as they come in and go out."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from models import Metric
from service.kit.fields import ONE_LINE, Id, Incoming, MetricId, Moment, Name, Number, ShortWord
from service.kit.rows import Columns, RowProblem, flag_cell, number_cell

EXAMPLE: dict[str, Any] = {
    "label": "Share delivered late",
    "unit": "share",
    "better": "lower",
    "target": 0.05,
    "combine": "mean",
    "exposure": False,
}


class MetricIn(Incoming):
    """All that is known of a metric. It replaces what was known: a field left out gets its default."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    label: Name | None = Field(None, description="What people call it; empty means the metric's key.")
    unit: ShortWord = ""
    better: Literal["lower", "higher", "neutral"] | None = Field(
        None, description="Which direction is good for the client. A metric is not scored until this is known."
    )
    target: Number | None = Field(None, description="What was promised, in the metric's unit.")
    combine: Literal["sum", "mean", "last"] = Field("mean", description="How the values of one day become one.")
    exposure: bool = Field(default=False, description="Whether it measures the account's volume.")


class MetricRow(MetricIn):
    """A metric in a list."""

    metric: MetricId


METRIC_COLUMNS = Columns(MetricRow, {"target": number_cell, "exposure": flag_cell})


class MetricOut(BaseModel):
    """A metric as it is known."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"metric": "late_share", **EXAMPLE}]})

    metric: str
    label: str
    unit: str
    better: str | None
    target: float | None
    combine: str
    exposure: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, metric: Metric) -> Self:
        return cls(
            metric=metric.external_id,
            label=metric.label,
            unit=metric.unit,
            better=metric.better,
            target=metric.target,
            combine=metric.combine,
            exposure=metric.exposure,
            created_at=metric.created_at,
            updated_at=metric.updated_at,
        )


class MetricList(BaseModel):
    """All metrics, by key."""

    items: list[MetricOut]


ITEM_ID = Annotated[
    Name,
    BeforeValidator(lambda item: "" if item is None else item),
    WithJsonSchema({"anyOf": [{"type": "string", "maxLength": 200, "pattern": ONE_LINE}, {"type": "null"}]}),
]


class ObservationIn(Incoming):
    """One value of a metric for an account at a time. The same account, metric, time and item overwrites it."""

    account_id: Id
    metric: MetricId
    observed_at: Moment
    value: Number
    item_id: ITEM_ID = Field("", description="The order, ticket or delivery it is about, where several share a time.")


OBSERVATION_COLUMNS = Columns(ObservationIn, {"value": number_cell})


class ObservationsStored(BaseModel):
    """What became of a list of observations."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "accepted": 1,
                    "rejected": 1,
                    "problems": [{"index": 1, "field": "value", "reason": "is not a number"}],
                    "new_accounts": ["northwind"],
                    "new_metrics": ["late_share"],
                }
            ]
        }
    )

    accepted: int
    rejected: int
    problems: list[RowProblem]
    new_accounts: list[str] = Field(description="Accounts that were not known before; they have no rep yet.")
    new_metrics: list[str] = Field(description="Metrics that were not known before; they are not scored yet.")
