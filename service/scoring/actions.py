"""Score the accounts that are due; promote a model; set its alert line."""

from datetime import datetime, timedelta
from typing import Any

import structlog

from models import STARTER, ModelStatus, TrainedModel
from models.trained_model import LineKind
from service.access import actions as access
from service.kit.database import Database, Session
from service.kit.errors import Conflict, Invalid, NotFound
from service.kit.settings import Settings
from service.scoring import gate, lines, notices, queries
from service.scoring.lines import Choice

log = structlog.get_logger()

RESCORE_AFTER = timedelta(days=1)
BATCH = 500


class ModelNotFound(NotFound):
    """There is no model of that version."""


class LineInvalid(Invalid):
    """A budget or a price is above 0, a line between 0 and 1."""


class NoModelSpeaks(Conflict):
    """No trained model is active."""


class ModelNotFit(Conflict):
    """This model should not speak."""


class LineUnknown(Conflict):
    """The card of this model does not tell what a line costs."""


def score_due(db: Database, settings: Settings, *, now: datetime) -> int:
    """Score the accounts with new data and those last scored a day ago; return how many got a score.

    A step of the worker: each portion is read in one transaction and written in another, so nothing waits for the
    arithmetic. Two workers may score the same account: the same data gives the same score.
    """
    from service.scoring import scoring_round  # noqa: PLC0415  polars and scikit-learn stay out of the web process

    scored, unsound, after = 0, 0, 0
    while True:
        with db.read() as session:
            due = scoring_round.due(session, now - RESCORE_AFTER, BATCH, after=after, now=now)
        if not due:
            break
        for portion in due:
            with db.read() as session:
                found = scoring_round.read(session, settings, [account for account, _ in portion], now=now)
            scores = scoring_round.judge(found, now=now)
            with db.begin() as session:
                # What is dated after `now` was not read: such an account stays due.
                read = [(account, version) for account, version in portion if account not in found.ahead]
                scored += scoring_round.write(session, scores, read, now=now)
            unsound += len(found.newest) - len(scores)
        after = due[-1][-1][0]
    if unsound:
        _call_for_help(db, unsound, now=now)
    return scored


def _call_for_help(db: Database, unsound: int, *, now: datetime) -> None:
    """A risk that is no number raises no alert and ends none: the last score stands. People must know."""
    with db.begin() as session:
        model = queries.active_model(session)
        lines = [
            f"The model gave {unsound} account{'s' * (unsound > 1)} a risk that is no number.",
            "What was scored before stands, and so do the alerts. Let the model before it speak: `headsup rollback`.",
        ]
        notices.call(session, model.version if model else STARTER, notices.NO_NUMBER, lines, now=now)


def register(
    session: Session, version: str, sha256: str, card: dict[str, Any], line: float, *, by: str, now: datetime
) -> TrainedModel:
    """Enter a trained model whose artefact has been written; it is a candidate until it is promoted."""
    model = TrainedModel(version=version, sha256=sha256, card=card, alert_line=line, trained_at=now)
    _read_curve(model)
    session.add(model)
    access.record(session, by, "model.register", version, now=now, sha256=sha256)
    session.flush()
    return model


def promote_tested(
    session: Session, settings: Settings, version: str, *, anyway: bool = False, by: str, now: datetime
) -> TrainedModel:
    """Promote a model that is sound and good enough; `anyway` if somebody knows better than its test.

    Raises:
        ModelNotFound: no model has that version.
        ArtifactRefused: its files are missing, changed or unsigned.
        ModelNotFit: its test, or the model that speaks, did better; the detail says how.
    """
    model = queries.model_by_version(session, version)
    if model is not None and model.status != ModelStatus.ACTIVE:
        found = gate.objections(model.card, queries.verdict_of(session, model))
        if found and not anyway:
            raise ModelNotFit(
                f"Model {version} should not speak: {'; '.join(found)}. "
                f"`headsup promote {version} --anyway` lets it speak all the same."
            )
        if found:
            access.record(session, by, "model.promote_anyway", version, now=now, objections=found)
    return promote_verified(session, settings, version, by=by, now=now)


def promote_verified(session: Session, settings: Settings, version: str, *, by: str, now: datetime) -> TrainedModel:
    """Promote a model after its artefact was read and found sound.

    Raises:
        ModelNotFound: no model has that version.
        ArtifactRefused: its files are missing, changed or unsigned.
    """
    from service.scoring import artifact  # noqa: PLC0415  reading a model needs numpy and skops

    model = queries.model_by_version(session, version)
    if model is not None:
        artifact.load(settings.artifacts_dir, version, model.sha256, settings.signing_key, {})
    return promote(session, version, by=by, now=now)


def promote(session: Session, version: str, *, by: str, now: datetime) -> TrainedModel:
    """Let a trained model speak, and retire the one before. Promoting the active model again changes nothing.

    Its alert line follows the choice that was made for the one before, and may change the alerts a day by a quarter.

    Raises:
        ModelNotFound: no model has that version.
    """
    model = queries.model_by_version(session, version)
    if model is None:
        raise ModelNotFound(f"No model is called {version!r}; `headsup models` lists them.")
    if model.status == ModelStatus.ACTIVE:
        return model
    before = queries.active_model(session)
    told: dict[str, Any] = {"before": None}
    if before is not None:
        before.status, before.retired_at = ModelStatus.RETIRED, now
        _inherit_line(model, before)
        told = {
            "before": before.version,
            "line_before": before.alert_line,
            "alerts_per_day_before": before.line_alerts_per_day,
        }
        session.flush()
    model.status, model.promoted_at, model.retired_at = ModelStatus.ACTIVE, now, None
    told |= {"line": model.alert_line, "alerts_per_day": model.line_alerts_per_day}
    access.record(session, by, "model.promote", version, now=now, **told)
    session.flush()
    return model


def set_line(session: Session, choice: Choice, *, by: str, now: datetime) -> TrainedModel:
    """Choose the alert line of the active model, and of those that will be promoted after it.

    Raises:
        LineInvalid: the value means no line.
        NoModelSpeaks: the starter score speaks, whose line is fixed.
        LineUnknown: the model was trained before cards told what a line costs.
    """
    check_choice(choice)
    model = queries.active_model(session)
    if model is None:
        raise NoModelSpeaks("The starter score's line is fixed: promote a trained model, then choose its line.")
    before = model.alert_line
    model.alert_line = lines.choose(choice, curve_of(model))
    _read_curve(model)
    model.line_kind, model.line_value = choice.kind, choice.value
    model.line_chosen_at, model.line_chosen_by = now, by
    told = {"kind": choice.kind.value, "value": choice.value, "line": model.alert_line, "line_before": before}
    access.record(session, by, "model.line", model.version, now=now, alerts_per_day=model.line_alerts_per_day, **told)
    session.flush()
    return model


def check_choice(choice: Choice) -> None:
    """Refuse a value that means no line.

    Raises:
        LineInvalid: it does.
    """
    if not 0 < choice.value < (1 if choice.kind is LineKind.FIXED else float("inf")):
        raise LineInvalid(f"{choice.value:g} is no {choice.kind}.")


def choice_of(model: TrainedModel) -> Choice | None:
    """How the line of a model was chosen: by somebody, or else in training by the setting; None for old cards."""
    if model.line_kind is not None and model.line_value is not None:
        return Choice(model.line_kind, model.line_value)
    chosen = _line_card(model).get("chosen")
    return Choice(LineKind(chosen["kind"]), chosen["value"]) if chosen else None


def curve_of(model: TrainedModel) -> lines.Curve:
    """What each line of a model costs and catches.

    Raises:
        LineUnknown: the model was trained before cards told that.
    """
    curve: lines.Curve | None = _line_card(model).get("curve")
    if curve is None:
        raise LineUnknown(f"Model {model.version} was trained by an older version: train again, then choose.")
    return curve


def _inherit_line(model: TrainedModel, before: TrainedModel) -> None:
    """Choose the line of a new model as that of the one before was, without a jump of the alerts a day."""
    if before.line_kind is not None:
        model.line_kind, model.line_value = before.line_kind, before.line_value
        model.line_chosen_at, model.line_chosen_by = before.line_chosen_at, before.line_chosen_by
    choice = choice_of(model)
    if choice is None or "curve" not in _line_card(model):
        return
    line, same = lines.choose(choice, curve_of(model)), choice == choice_of(before)
    model.alert_line = lines.steady(line, before.line_alerts_per_day if same else None, curve_of(model))
    _read_curve(model)


def _read_curve(model: TrainedModel) -> None:
    """Note what the line raises and which line of quiet accounts goes with it, where the card tells."""
    curve = _line_card(model).get("curve")
    found = lines.offer(curve, model.alert_line) if curve else None
    model.line_alerts_per_day = found.alerts_per_day if found else None
    model.quiet_line = found.quiet_line if found else None


def _line_card(model: TrainedModel) -> dict[str, Any]:
    found: dict[str, Any] = model.card.get("alert_line", {})
    return found
