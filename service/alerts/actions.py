"""What people do with alerts, and what the worker does by itself. Every move is written into the history."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from models import STARTER, Alert, AlertEvent, Resolution, WrongReason
from service.access import actions as access
from service.access import queries as operators
from service.alerts import queries, rules, trial
from service.alerts.queries import lines as line_queries
from service.alerts.rules import Move
from service.kit.database import Session
from service.kit.settings import Settings
from service.scoring import queries as scoring
from service.scoring.rules import STARTER_LINE

log = structlog.get_logger()

WORKER = rules.WORKER


def note(session: Session, alert: Alert, kind: str, *, actor: str, now: datetime, **detail: Any) -> None:
    """Add a line to the alert's history."""
    session.add(AlertEvent(alert_id=alert.id, at=now, kind=kind, actor=actor, detail=detail))


def acknowledge(session: Session, alert: Alert, *, by: str, now: datetime) -> None:
    """Tell the others that somebody has this alert. It stays with whoever took it first."""
    if rules.after(Move.ACKNOWLEDGE, alert.status) is alert.status:
        return
    alert.acknowledged_at, alert.acknowledged_by, alert.risk_acknowledged = now, by, alert.risk
    alert.snoozed_until = alert.snooze_risk = None
    _moved(session, alert, "acknowledged", by=by, now=now)


def assign(session: Session, alert: Alert, to: str, *, by: str, now: datetime) -> None:
    """Say whose alert it is. That alone does not answer it: an open alert stays open.

    Raises:
        AssigneeUnknown: no operator who may sign in has this address.
    """
    rules.after(Move.ASSIGN, alert.status)
    operator = operators.operator_by_email(session, to)
    if operator is None or operator.disabled_at:
        raise rules.AssigneeUnknown("Give the address of an operator who can sign in.")
    if alert.assigned_to == operator.email:
        return
    alert.assigned_to = operator.email
    _moved(session, alert, "assigned", by=by, now=now, to=operator.email)


def snooze(
    session: Session, alert: Alert, *, until: datetime | None, risk: float | None, by: str, now: datetime
) -> None:
    """Stop asking until a time, or until the risk reaches a height, whichever comes first; at most for 90 days.

    Raises:
        SnoozeInvalid: neither is given, or the snooze would end at once.
    """
    rules.after(Move.SNOOZE, alert.status)
    rules.check_snooze(alert, until, risk, now=now)
    until = until or now + rules.LONGEST_SNOOZE
    alert.snoozed_until, alert.snooze_risk = until, risk
    _moved(session, alert, "snoozed", by=by, now=now, until=until.isoformat(), risk=risk)


def resolve(session: Session, alert: Alert, text: str, *, by: str, now: datetime) -> None:
    """End an alert: the problem is fixed."""
    if alert.resolution is Resolution.FIXED:
        return
    rules.after(Move.RESOLVE, alert.status)
    _close(alert, Resolution.FIXED, text, by=by, now=now)
    _moved(session, alert, "resolved", by=by, now=now, note=text)


def mark_wrong(
    session: Session, alert: Alert, why: str, reason: WrongReason = WrongReason.OTHER, *, by: str, now: datetime
) -> None:
    """End an alert that should not have been raised. The reason says what training makes of that time."""
    if alert.resolution is Resolution.WRONG:
        return
    rules.after(Move.MARK_WRONG, alert.status)
    _close(alert, Resolution.WRONG, why, by=by, now=now)
    alert.wrong_reason = reason
    _moved(session, alert, "wrong", by=by, now=now, note=why, reason=reason.value)


def _close(alert: Alert, resolution: Resolution, text: str, *, by: str, now: datetime) -> None:
    alert.resolved_at, alert.resolved_by = now, by
    alert.resolution, alert.resolution_note = resolution, text


def _moved(session: Session, alert: Alert, kind: str, *, by: str, now: datetime, **detail: Any) -> None:
    """Write a person's move: history, audit and the alert itself, or nothing if somebody else was faster."""
    note(session, alert, kind, actor=by, now=now, risk_then=alert.risk, **detail)
    # What was written stays with the alert: the log is kept for good, and prose may name people.
    facts = {name: value for name, value in detail.items() if name != "note"}
    access.record(session, by, f"alert.{kind}", str(alert.id), now=now, **facts)
    queries.save(session)
    log.info("alert_moved", alert_id=str(alert.id), kind=kind)


@dataclass(frozen=True)
class Reviewed:
    """What a review did. `waiting` accounts are over the line, but there was no room for them in the day's budget."""

    opened: list[Alert] = field(default_factory=list)
    waiting: int = 0
    faded: int = 0
    woken: int = 0


def review(session: Session, settings: Settings, *, now: datetime) -> Reviewed:
    """Let live alerts follow the scores, then open new ones, by priority, as far as the budget goes.

    Only one review runs at a time; another one that starts meanwhile does nothing.
    """
    if not queries.take_turn(session):
        return Reviewed()
    lines = _lines(session)
    woken, faded = _follow_scores(session, lines, now=now)
    trial.end_what_is_over(session, settings, lines, now=now)
    opened, waiting = _open_new(session, settings, lines, now=now)
    return Reviewed(opened, waiting, faded, woken)


def waiting(session: Session, settings: Settings, *, now: datetime) -> int:
    """How many accounts are over the line without an alert because the day's budget is used up."""
    deserving = _deserving(session, settings, _lines(session), now=now)
    return max(0, len(deserving) - _room(session, settings, now=now))


def _lines(session: Session) -> rules.Lines:
    return rules.Lines({STARTER: STARTER_LINE} | line_queries.model_lines(session), line_queries.quiet_lines(session))


def _follow_scores(session: Session, lines: rules.Lines, *, now: datetime) -> tuple[int, int]:
    woken, faded, changes, moves = 0, 0, [], []
    for alert, score_risk, model in queries.followed(session):
        before = queries.Followed.of(alert)
        found, line = before, alert.line
        if score_risk is not None and model is not None and model in lines.of_all:
            line = lines.now(alert, model)
            found = replace(_on_scale(before, before.risk_model or alert.model, model, lines.of_all), risk=score_risk)
        seen = rules.Seen(found.risk, line, found.risk_acknowledged, found.snooze_risk)
        why = rules.waking(alert, seen, now=now)
        found = replace(found, below_since=rules.calm_since(alert.below_since, found.risk, line, now=now))
        if found != before:
            changes.append((alert, found))
        moves.append((alert, why))
    queries.follow(session, changes)
    for alert, why in moves:
        if reason := rules.fading(alert, now=now):
            _fade(session, alert, reason, now=now)
            faded += 1
        elif why:
            _wake(session, alert, why, now=now)
            woken += 1
    queries.save(session)
    return woken, faded


def _on_scale(found: queries.Followed, before: str, model: str, lines: Mapping[str, float]) -> queries.Followed:
    """Tell the heights that an alert is held against on the scale of the model that speaks now."""
    if model == before:
        return found
    line, new_line = lines.get(before, lines[model]), lines[model]

    def told(risk: float | None) -> float | None:
        return None if risk is None else rules.carried(risk, line, new_line)

    acknowledged, snoozed = told(found.risk_acknowledged), told(found.snooze_risk)
    return replace(found, risk_model=model, risk_acknowledged=acknowledged, snooze_risk=snoozed)


def _wake(session: Session, alert: Alert, why: str, *, now: datetime) -> None:
    """Ask again: the alert is open, nobody has answered, and the time to answer starts anew."""
    rules.after(Move.WAKE, alert.status)
    alert.snoozed_until = alert.snooze_risk = None
    alert.acknowledged_at = alert.acknowledged_by = alert.risk_acknowledged = None
    alert.asked_at, alert.escalated_at = now, None
    note(session, alert, "woken", actor=WORKER, now=now, why=why)
    log.info("alert_woken", alert_id=str(alert.id))


def _fade(session: Session, alert: Alert, why: str, *, now: datetime) -> None:
    rules.after(Move.FADE, alert.status)
    _close(alert, Resolution.FADED, why, by=WORKER, now=now)
    note(session, alert, "faded", actor=WORKER, now=now, why=why)
    log.info("alert_faded", alert_id=str(alert.id))


def _open_new(session: Session, settings: Settings, lines: rules.Lines, *, now: datetime) -> tuple[list[Alert], int]:
    room = _room(session, settings, now=now)
    deserving = _deserving(session, settings, lines, now=now)
    draws = trial.Trial(session, settings, now=now)
    opened: list[Alert] = []
    for place, (candidate, why) in enumerate(deserving):
        if len(opened) >= room:
            return opened, len(deserving) - place
        line = lines.met(candidate.model, candidate.risk)
        if draws.holds(candidate, line):
            continue
        if alert := queries.insert_alert(session, candidate, line, now=now):
            note(session, alert, "opened", actor=WORKER, now=now, why=why)
            log.info("alert_opened", alert_id=str(alert.id), risk=round(alert.risk, 4))
            opened.append(alert)
    return opened, 0


def _room(session: Session, settings: Settings, *, now: datetime) -> int:
    planned = scoring.planned_alerts_per_day(session, settings.alerts_per_day)
    return rules.room(planned, queries.opened_after(session, now - rules.STORM_WINDOW))


def _deserving(
    session: Session, settings: Settings, lines: rules.Lines, *, now: datetime
) -> list[tuple[queries.Candidate, str]]:
    """Accounts that deserve an alert now, by priority, and why."""
    cool_down = timedelta(hours=settings.alert_cool_down_hours)
    found = []
    for each in queries.candidates(session, lines, now=now):
        line = lines.met(each.model, each.risk)
        quiet = line < lines.of_all[each.model]
        if why := rules.opening(each.risk, line, each.last, cool_down, now=now, quiet=quiet):
            found.append((each, why))
    return found


def escalate(session: Session, settings: Settings, *, now: datetime) -> list[Alert]:
    """Mark the open alerts that nobody answered in time, and return them with account and rep; each once an asking."""
    limit = timedelta(minutes=settings.escalate_after_minutes)
    escalated = []
    for alert in queries.unanswered(session, asked_before=now - limit):
        if why := rules.escalating(alert, settings.escalate_after_minutes, now=now):
            rules.after(Move.ESCALATE, alert.status)
            alert.escalated_at = now
            note(session, alert, "escalated", actor=WORKER, now=now, why=why)
            escalated.append(alert)
    queries.save(session)
    return escalated
