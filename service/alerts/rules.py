"""What can happen to an alert, and when it happens by itself; pure. Decisions are sentences, None means not now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from models import Alert, AlertStatus, Resolution
from service.kit.errors import Conflict, Invalid, NotFound
from service.scoring.rules import QUIET_DAYS

# Who acts when nobody does: the name in histories and in the audit log.
WORKER = "headsup"

# Calm begins well under the line and ends at the line, so that a risk that trembles around it changes nothing.
HYSTERESIS = 0.8
FADE_AFTER = timedelta(hours=48)
# After "this was wrong" only a clearly higher risk (its odds three times what they were) asks sooner than this.
WRONG_COOL_DOWN = timedelta(days=14)
CLEARLY_HIGHER_ODDS = 3.0
LONGEST_SNOOZE = timedelta(days=90)
# A day may bring twice the budget before alerts wait for room.
STORM_FACTOR = 2
STORM_WINDOW = timedelta(hours=24)


class AlertNotFound(NotFound):
    """There is no such alert."""


class AlertResolved(Conflict):
    """The alert has ended."""


class MoveNotPossible(Conflict):
    """The alert does not stand where this can be done."""


class ChangedMeanwhile(Conflict):
    """Somebody else changed the alert at the same time."""


class SnoozeInvalid(Invalid):
    """A snooze needs an end: a time within 90 days, a risk above the present one, or both."""


class AssigneeUnknown(Invalid):
    """No operator has this address."""


class Move(StrEnum):
    """All that can happen to an alert after it has opened."""

    ACKNOWLEDGE = "acknowledge"
    ASSIGN = "assign"
    SNOOZE = "snooze"
    WAKE = "wake"
    ESCALATE = "escalate"
    RESOLVE = "resolve"
    MARK_WRONG = "mark wrong"
    FADE = "fade"


_OPEN, _TAKEN, _SNOOZED, _ENDED = AlertStatus
# The one table of legal moves: what may happen to an alert that stands there, and where it stands then.
MOVES: dict[Move, dict[AlertStatus, AlertStatus]] = {
    Move.ACKNOWLEDGE: {_OPEN: _TAKEN, _TAKEN: _TAKEN, _SNOOZED: _TAKEN},
    Move.ASSIGN: {_OPEN: _OPEN, _TAKEN: _TAKEN, _SNOOZED: _SNOOZED},
    Move.SNOOZE: {_OPEN: _SNOOZED, _TAKEN: _SNOOZED, _SNOOZED: _SNOOZED},
    Move.WAKE: {_TAKEN: _OPEN, _SNOOZED: _OPEN},
    Move.ESCALATE: {_OPEN: _OPEN},
    Move.RESOLVE: {_OPEN: _ENDED, _TAKEN: _ENDED, _SNOOZED: _ENDED},
    Move.MARK_WRONG: {_OPEN: _ENDED, _TAKEN: _ENDED, _SNOOZED: _ENDED},
    Move.FADE: {_OPEN: _ENDED, _SNOOZED: _ENDED},
}


def after(move: Move, status: AlertStatus) -> AlertStatus:
    """Look up where an alert stands after a move.

    Raises:
        AlertResolved: it has ended; nothing happens to it any more.
        MoveNotPossible: the move is not for an alert that stands there.
    """
    if status in MOVES[move]:
        return MOVES[move][status]
    if status is AlertStatus.RESOLVED:
        raise AlertResolved(f"It cannot be {_done(move)} any more. A new alert opens if the risk rises again.")
    raise MoveNotPossible(f"An alert that is {status} cannot be {_done(move)}.")


def _done(move: Move) -> str:
    irregular = {Move.MARK_WRONG: "marked wrong", Move.WAKE: "woken"}
    return irregular.get(move, move.value + ("d" if move.value.endswith("e") else "ed"))


@dataclass(frozen=True)
class LastAlert:
    """How the account's last alert ended."""

    ended_at: datetime
    resolution: Resolution
    risk: float


@dataclass(frozen=True)
class Lines:
    """Each model's line, and its lower one for quiet accounts; a score is held against its own model's and no other."""

    of_all: Mapping[str, float]
    of_quiet: Mapping[str, float]

    def met(self, model: str, risk: float) -> float:
        """The line that a candidate is over: below the line of all it is one for being quiet."""
        line = self.of_all[model]
        return line if risk >= line else self.of_quiet.get(model, line)

    def now(self, alert: Alert, model: str) -> float:
        """What the model's line is for an alert: the lower one if it opened under the line of all."""
        line = self.of_all[model]
        was_quiet = alert.line < self.of_all.get(alert.model, alert.line)
        return min(line, self.of_quiet.get(model, line)) if was_quiet else line


def opening(
    risk: float, line: float, last: LastAlert | None, cool_down: timedelta, *, now: datetime, quiet: bool = False
) -> str | None:
    """Say why an account without a live alert deserves one now; `quiet`: the line is that of quiet accounts."""
    if risk < line:
        return None
    whose = f" for accounts without a complaint in {QUIET_DAYS} days" if quiet else ""
    why = f"The risk of {_percent(risk)} is over the line of {_percent(line)}{whose}."
    if last is None or now >= last.ended_at + max(cool_down, _quiet(last)):
        return why
    wrong = last.resolution is Resolution.WRONG and now >= last.ended_at + cool_down
    if wrong and clearly_higher(risk, last.risk):
        return f"{why} It is clearly higher than the {_percent(last.risk)} that was called wrong."
    return None


def _percent(risk: float) -> str:
    """Write a risk as reasons do; small ones with a decimal, since lines of rare complaints are small."""
    return f"{risk * 100:.0f} %" if risk >= 0.1 else f"{risk * 100:.1f} %"


def _quiet(last: LastAlert) -> timedelta:
    return WRONG_COOL_DOWN if last.resolution is Resolution.WRONG else timedelta()


def clearly_higher(risk: float, than: float) -> bool:
    """Compare odds, so that 2 % → 6 % and 75 % → 90 % weigh the same."""
    return risk * (1 - than) >= CLEARLY_HIGHER_ODDS * than * (1 - risk) and risk > than


def carried(risk: float, line: float, new_line: float) -> float:
    """Tell a risk of one model on the scale of another: as far from the other's line, in odds, as it was from its own.

    So a new model, whose risks may run higher or lower altogether, wakes nothing by speaking for the first time.
    """
    if line == new_line or not 0 < line < 1 or not 0 < new_line < 1 or risk >= 1:
        return risk
    odds = risk / (1 - risk) * (new_line / (1 - new_line)) / (line / (1 - line))
    return odds / (1 + odds)


def room(alerts_per_day: float, opened_lately: int) -> int:
    """How many alerts may still open, after so many in the last 24 hours: a storm must not bury the queue."""
    return max(0, max(1, int(STORM_FACTOR * alerts_per_day)) - opened_lately)


def calm_since(since: datetime | None, risk: float, line: float, *, now: datetime) -> datetime | None:
    """When the risk calmed down: it does under 0.8 of the line, and stays calm until it is over the line."""
    if risk >= line:
        return None
    return since or (now if risk < HYSTERESIS * line else None)


def fading(alert: Alert, *, now: datetime) -> str | None:
    """Say why an alert may end by itself: calm for two days, and nobody works on it."""
    if alert.below_since is None or now < alert.below_since + FADE_AFTER:
        return None
    if alert.status not in MOVES[Move.FADE]:
        return None
    return "The risk has been low for 48 hours and nobody was working on it."


@dataclass(frozen=True)
class Seen:
    """A live alert's present risk and line, and the heights it is held against, all on the present model's scale."""

    risk: float
    line: float
    acknowledged: float | None
    snoozed_until: float | None


def waking(alert: Alert, seen: Seen, *, now: datetime) -> str | None:
    """Say why operations must be asked again; `alert.below_since` still tells of the time before this risk."""
    if alert.status is AlertStatus.SNOOZED:
        return _snooze_over(alert, seen, now)
    if alert.status is AlertStatus.ACKNOWLEDGED:
        return _rearmed(alert, seen, now)
    return None


def _snooze_over(alert: Alert, seen: Seen, now: datetime) -> str | None:
    if seen.snoozed_until is not None and seen.risk >= seen.snoozed_until:
        return f"The risk rose to {_percent(seen.risk)}; it was to sleep until {_percent(seen.snoozed_until)}."
    if alert.snoozed_until is not None and now >= alert.snoozed_until:
        return "The time of the snooze is over."
    return None


def _rearmed(alert: Alert, seen: Seen, now: datetime) -> str | None:
    """An acknowledgement stops the nagging; it never hides a risk that goes on rising."""
    if seen.risk < seen.line:
        return None
    risk = _percent(seen.risk)
    if seen.acknowledged is not None and clearly_higher(seen.risk, seen.acknowledged):
        return f"The risk rose from {_percent(seen.acknowledged)} to {risk} since it was acknowledged."
    if alert.below_since is not None and now >= alert.below_since + FADE_AFTER:
        return f"The risk is over the line again ({risk}) after it had been low for two days."
    return None


def escalating(alert: Alert, after_minutes: int, *, now: datetime) -> str | None:
    """Say why the lead must hear of it: nobody answered in time. Once for each time that operations was asked."""
    if alert.status is not AlertStatus.OPEN or alert.escalated_at is not None:
        return None
    if now < alert.asked_at + timedelta(minutes=after_minutes):
        return None
    return f"Nobody acknowledged it within {after_minutes} minutes."


def check_snooze(alert: Alert, until: datetime | None, risk: float | None, *, now: datetime) -> None:
    """Refuse a snooze that would end at once or never.

    Raises:
        SnoozeInvalid: no end is given, or one that is over already or too far away.
    """
    if until is None and risk is None:
        raise SnoozeInvalid("Give `until` (a time), `until_risk` (0 to 1), or both.")
    if until is not None and not now < until <= now + LONGEST_SNOOZE:
        raise SnoozeInvalid("`until` must lie ahead, by at most 90 days.")
    if risk is not None and not alert.risk < risk <= 1:
        raise SnoozeInvalid(f"`until_risk` must be above the present risk of {alert.risk:.3f} and at most 1.")
