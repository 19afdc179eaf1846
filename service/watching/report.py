"""All that there is to say about the models now: one reading for page, API and terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from models import STARTER, Comparison, ModelDay, Notice, Retraining, RetrainingOutcome, TrainedModel, Verdict, WatchDay
from service.kit.database import Session
from service.kit.phrases import Phrases
from service.kit.settings import Settings
from service.scoring import actions as promotion
from service.scoring import lines
from service.scoring import queries as scoring
from service.scoring.lines import Choice, Offer
from service.watching import actions, moves, phrasebook, queries, rules, words
from service.watching.rules import Span


@dataclass(frozen=True)
class Promised:
    """What the card says of the model: measured on weeks that it had not seen."""

    right: float | None
    top_right: float | None
    average_precision: float | None
    calibration_error: float | None


@dataclass(frozen=True)
class Moved:
    """A group of features beside what it was when the model was trained; `matters` if it pushes risks."""

    group: str
    psi: float
    push: float
    missing: float
    missing_was: float
    moved: bool
    matters: bool
    sentence: str


@dataclass(frozen=True)
class Candidate:
    """The model in the shadow, and how it compares so far."""

    model: TrainedModel
    comparison: Comparison | None
    sentence: str


@dataclass(frozen=True)
class Line:
    """How the alert line was chosen, and what it and its neighbours cost and catch, as the validation weeks tell.

    `choice` is None for cards of old versions; `chosen_at` and `chosen_by` are None while the setting decides.
    `around` goes from few alerts to many and holds `here`; it is empty where the card does not tell.
    """

    choice: Choice | None
    chosen_at: datetime | None
    chosen_by: str | None
    here: Offer | None
    around: list[Offer]


@dataclass(frozen=True)
class Report:
    """How the speaking model does. `days` are its own, `weeks` those with known outcomes, `lived` the last four.

    `shift` is what outcomes since its training add to its log-odds.
    """

    speaking: str
    model: TrainedModel | None
    former: TrainedModel | None
    shift: float
    line: float
    line_told: Line | None
    promised: Promised | None
    lived: Span | None
    weeks: list[Span]
    days: list[ModelDay]
    seen: list[WatchDay]
    moves: list[Moved]
    loss: float
    notices: list[Notice]
    candidate: Candidate | None
    retraining: Retraining | None
    retraining_says: str

    @property
    def today(self) -> WatchDay | None:
        """The newest look at the speaking model."""
        return self.seen[-1] if self.seen and self.seen[-1].model == self.speaking else None

    @property
    def level(self) -> str | None:
        """How outcomes have moved the level of the risks, in a sentence; None where they have not."""
        return words.level(self.shift)

    @property
    def left_out(self) -> str | None:
        """Whom the figures of what was lived leave out, in a sentence; None while nothing was lived."""
        return words.left_out(self.lived) if self.lived else None


def read(session: Session, settings: Settings, *, now: datetime, days: int = 120) -> Report:
    """Read what is known of the speaking model over the last days."""
    since = now.date() - timedelta(days=days)
    model = scoring.active_model(session)
    speaking = model.version if model else STARTER
    mine = [each for each in queries.model_days(session, since=since) if each.model == speaking and not each.shadow]
    seen = queries.watch_days(session, since=since)
    today = next((each for each in seen[-1:] if each.model == speaking), None)
    retraining = queries.last_retraining(session)
    return Report(
        speaking=speaking,
        model=model,
        former=actions.spoke_last(session),
        shift=scoring.shift_of(session, speaking),
        line=scoring.alert_line(session),
        line_told=_line(model) if model else None,
        promised=_promised(model.card, today) if model else None,
        lived=rules.recent(mine),
        weeks=rules.weeks(mine),
        days=mine,
        seen=seen,
        moves=_moves(session, today, phrasebook.read(settings.templates)) if today else [],
        loss=rules.expected_loss(today) if today else 0.0,
        notices=scoring.open_notices(session),
        candidate=_candidate(session, speaking),
        retraining=retraining,
        retraining_says=_retraining(retraining, queries.newest_model(session), settings.retrain_every_days),
    )


def _line(model: TrainedModel) -> Line:
    curve = model.card.get("alert_line", {}).get("curve")
    here = lines.offer(curve, model.alert_line) if curve else None
    around = lines.around(curve, model.alert_line) if curve else []
    return Line(promotion.choice_of(model), model.line_chosen_at, model.line_chosen_by, here, around)


def _promised(card: Mapping[str, Any], today: WatchDay | None) -> Promised:
    measured: Mapping[str, float | None] = card.get("measures", {}).get("model", {})
    return Promised(
        right=today.promised if today else None,
        top_right=measured.get("precision_at_5pct"),
        average_precision=measured.get("average_precision"),
        calibration_error=measured.get("calibration_error"),
    )


def _moves(session: Session, today: WatchDay, own: Phrases) -> list[Moved]:
    definitions = {each.key: each for each in scoring.definitions(session)}
    return [
        Moved(
            group=each["group"],
            psi=each["psi"],
            push=each["push"],
            missing=each["missing"],
            missing_was=each["missing_was"],
            moved=rules.has_moved(each),
            matters=rules.has_moved(each) and abs(each["push"]) >= rules.LEAST_PUSH,
            sentence=moves.sentence(each, definitions, own),
        )
        for each in today.groups
    ]


def _candidate(session: Session, speaking: str) -> Candidate | None:
    shadow = queries.shadow(session)
    if shadow is None:
        return None
    found = queries.comparison(session, shadow.version, speaking)
    sentence = words.proposal(found) if found else f"{shadow.version} runs in the shadow from the next daily round on."
    return Candidate(shadow, found, sentence)


def proposal(session: Session) -> Candidate | None:
    """The model in the shadow, where it is proposed that it speak."""
    model = scoring.active_model(session)
    found = _candidate(session, model.version if model else STARTER)
    return found if found and found.comparison and found.comparison.verdict is Verdict.BETTER else None


def _retraining(last: Retraining | None, newest: datetime | None, every_days: int) -> str:
    """When the next training comes, and how the last went, in a sentence."""
    if every_days == 0:
        return "Models are trained by hand only (HEADSUP_RETRAIN_EVERY_DAYS is 0)."
    if last is not None and last.under_way:
        return f"A training is under way since {last.started_at:%Y-%m-%d %H:%M} UTC."
    if last is not None and last.outcome is not RetrainingOutcome.DONE and last.ended_at is not None:
        assert last.outcome is not None
        again = last.ended_at + rules.AGAIN[last.outcome]
        return f"The last scheduled training was {last.outcome}: {last.detail} It is tried again on {again:%Y-%m-%d}."
    if newest is None:
        return f"The first training comes when there are data of {every_days} days and complaints."
    return f"The next scheduled training comes on {newest + timedelta(days=every_days):%Y-%m-%d}."


def week_of(span: Span) -> date:
    """The Monday of a week's span."""
    return span.first - timedelta(days=span.first.weekday())


def share_scored(day: WatchDay) -> float | None:
    """The share of the active accounts that got a score in the last day."""
    return day.scored / day.accounts if day.accounts else None


def alerts_a_day(seen: Sequence[WatchDay], days: int = 14) -> float | None:
    """New alerts a day, of late."""
    last = seen[-days:]
    return sum(each.alerts for each in last) / len(last) if last else None
