"""What the API says about the models."""

import math
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from service.watching.report import Line, Report

LINE_FIGURES = ("quiet_line", "alerts_per_day", "right", "caught", "told_first", "head_start_hours")


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class PromisedOut(_Out):
    """What the model did on test weeks that it had not seen."""

    right: float | None = Field(description="Share of the accounts over the line that complained within the horizon.")
    top_right: float | None = Field(description="The same among the riskiest twentieth.")
    average_precision: float | None
    calibration_error: float | None


class SpanOut(_Out):
    """Some days with known outcomes together."""

    first: date
    last: date
    days: int
    scored: int = Field(description="Scores given, one an account and day.")
    acted_on: int = Field(description="Scores left out of all figures, since operations acted on the account.")
    said: float | None = Field(description="Mean risk.")
    complained: float | None = Field(description="Share of the scores that a complaint followed within the horizon.")
    over: int = Field(description="Scores at or over the line.")
    right: float | None = Field(description="Share of those that a complaint followed.")
    low: float | None = Field(description="Lower end of the interval of `right` that holds 90 %.")
    high: float | None
    top_right: float | None
    average_precision: float | None
    calibration_error: float | None


class DayOut(_Out):
    """The model's scores of one day and, once `mature`, what became of them."""

    day: date
    scored: int
    risk_sum: float
    over: int
    mature: bool
    acted_on: int = Field(description="Accounts left out once `mature`, since operations acted on them.")
    complained: int
    over_hits: int
    average_precision: float | None


class SeenOut(_Out):
    """What was seen on a day before any outcome."""

    day: date
    model: str
    accounts: int = Field(description="Accounts that sent data in the last 90 days.")
    scored: int = Field(description="Those of them that got a score in the last day.")
    lacking: int = Field(description="Accounts with a missing input.")
    over_line: int
    alerts: int = Field(description="Alerts opened in the last day.")
    line: float
    expected: float | None = Field(description="Share of alerts that is expected to be right, by what has moved.")
    promised: float | None


class MovedOut(_Out):
    """A group of features beside what it was when the model was trained."""

    group: str
    psi: float = Field(description="Population stability index of the feature that moved most, beyond chance.")
    push: float = Field(description="What the group adds to the average account's log-odds beyond what it did.")
    missing: float
    missing_was: float
    moved: bool
    matters: bool
    sentence: str


class LineOut(_Out):
    """How the alert line was chosen, and what it costs and catches on the model's validation weeks."""

    kind: str | None = Field(description="`budget`: alerts a day; `price`: wasted looks; `fixed`: a risk.")
    value: float | None
    chosen_at: datetime | None = Field(description="Null while the setting `alerts_per_day` decides.")
    chosen_by: str | None
    quiet_line: float | None = Field(description="The line of accounts without a complaint in 28 days.")
    alerts_per_day: float | None
    right: float | None = Field(description="Share of the alerts that a complaint followed.")
    caught: float | None = Field(description="Share of the account-weeks with a complaint.")
    told_first: float | None = Field(description="Share of the complaints flagged at least 4 working hours before.")
    head_start_hours: float | None = Field(description="Working hours before those, the median.")


class NoticeOut(_Out):
    """Something that people should know."""

    opened_at: datetime
    title: str
    lines: list[str]
    loss: float


class CandidateOut(BaseModel):
    """The model that runs in the shadow."""

    version: str
    trained_at: datetime
    verdict: str | None
    sentence: str
    evidence: dict[str, Any]


class ModelOut(BaseModel):
    """How the speaking model does."""

    model: str
    trained_at: datetime | None
    promoted_at: datetime | None
    odds_factor: float = Field(description="What outcomes since its training multiply the odds of all risks by.")
    alert_line: float
    line: LineOut | None = Field(description="Null while the starter score speaks.")
    promised: PromisedOut | None
    lived: SpanOut | None = Field(description="The last four weeks with known outcomes.")
    weeks: list[SpanOut]
    days: list[DayOut]
    seen: list[SeenOut]
    drift: list[MovedOut]
    features: dict[str, float] = Field(description="PSI of each feature at the newest look.")
    expected_loss: float = Field(description="Share of precision that is expected to be lost.")
    notices: list[NoticeOut]
    candidate: CandidateOut | None
    retraining: str


def model_out(found: Report) -> ModelOut:
    """A report as the API says it."""
    candidate = found.candidate
    compared = candidate.comparison if candidate else None
    return ModelOut(
        model=found.speaking,
        trained_at=found.model.trained_at if found.model else None,
        promoted_at=found.model.promoted_at if found.model else None,
        odds_factor=round(math.exp(found.shift), 4),
        alert_line=found.line,
        line=_line_out(found.line_told) if found.line_told else None,
        promised=PromisedOut.model_validate(found.promised) if found.promised else None,
        lived=SpanOut.model_validate(found.lived) if found.lived else None,
        weeks=[SpanOut.model_validate(each) for each in found.weeks],
        days=[DayOut.model_validate(each) for each in found.days],
        seen=[SeenOut.model_validate(each) for each in found.seen],
        drift=[MovedOut.model_validate(each) for each in found.moves],
        features=found.today.psi if found.today else {},
        expected_loss=found.loss,
        notices=[NoticeOut.model_validate(each) for each in found.notices],
        candidate=CandidateOut(
            version=candidate.model.version,
            trained_at=candidate.model.trained_at,
            verdict=str(compared.verdict) if compared else None,
            sentence=candidate.sentence,
            evidence=compared.evidence if compared else {},
        )
        if candidate
        else None,
        retraining=found.retraining_says,
    )


def _line_out(told: Line) -> LineOut:
    here = told.here
    return LineOut(
        kind=told.choice.kind.value if told.choice else None,
        value=told.choice.value if told.choice else None,
        chosen_at=told.chosen_at,
        chosen_by=told.chosen_by,
        **{name: getattr(here, name, None) for name in LINE_FIGURES},
    )
