"""Run the silent hold-out: draw lots for accounts that deserve an alert, end what is over, measure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from models import HoldoutDraw
from service.access import actions as access
from service.alerts import holdout
from service.alerts.holdout import Arm, Worth
from service.alerts.queries import Candidate, held
from service.alerts.rules import WORKER, Lines
from service.kit.database import Session
from service.kit.settings import Settings

log = structlog.get_logger()


class Trial:
    """The draws of one review: who takes part is looked up once."""

    def __init__(self, session: Session, settings: Settings, *, now: datetime) -> None:
        self.session, self.settings, self.now = session, settings, now
        self.week, self.horizon = holdout.week_of(now), timedelta(days=settings.horizon_days)
        self.others: set[int] = set()
        if settings.holdout_share:
            self.others = held.left_out_of_draws(
                session, week=self.week, held_since=now - holdout.REST, complained_since=now - self.horizon
            )

    def holds(self, candidate: Candidate, line: float) -> bool:
        """Draw the account's lot, if it takes part: whether it is left without an alert."""
        share = self.settings.holdout_share
        if not share or candidate.account_id in self.others:
            return False
        if not holdout.may_be_held(candidate.risk, line, candidate.value, self.settings.holdout_most_value):
            return False
        key = self.settings.secret_key.get_secret_value()
        kept_back = holdout.lot(key, candidate.account_id, self.week) < share
        draw = HoldoutDraw(
            account_id=candidate.account_id, week=self.week, drawn_at=self.now, held=kept_back, share=share,
            risk=candidate.risk, line=line, model=candidate.model, until=self.now + self.horizon,
            ended_at=None if kept_back else self.now, ended_why=None if kept_back else "It was alerted.",
        )  # fmt: skip
        held.insert_draw(self.session, draw)
        if kept_back:
            what = {"risk": round(candidate.risk, 4), "week": self.week}
            access.record(self.session, WORKER, "holdout.hold", str(candidate.account_id), now=self.now, **what)
            log.info("account_held_out", account_id=candidate.account_id, **what)
        return kept_back


def end_what_is_over(session: Session, settings: Settings, lines: Lines, *, now: datetime) -> int:
    """Let accounts be alerted again whose time alone is over, and return how many."""
    ended = 0
    for draw, scored, model, complained in held.live(session):
        risk, line = draw.risk, draw.line
        if scored is not None and model is not None and model in lines.of_all:
            risk, line = scored, lines.of_all[model]
        on = settings.holdout_share > 0
        if why := holdout.ending(draw.until, risk, line, on=on, complained=complained, now=now):
            draw.ended_at, draw.ended_why = now, why
            access.record(session, WORKER, "holdout.end", str(draw.account_id), now=now, why=why)
            ended += 1
    session.flush()
    return ended


@dataclass(frozen=True)
class Measured:
    """What the hold-out has shown so far. `held` and `alerted` took part in the same draws."""

    share: float
    live: int
    held: Arm
    alerted: Arm
    worth: Worth | None


def measure(session: Session, settings: Settings, *, now: datetime) -> Measured:
    """Hold the accounts left alone against those that took part in the draws and were alerted."""
    alone, alerted = (held.arm(session, held=kind, now=now) for kind in (True, False))
    return Measured(settings.holdout_share, held.count_live(session), alone, alerted, holdout.worth(alone, alerted))
