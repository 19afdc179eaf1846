"""The silent hold-out: who is left alone, for how long, who notices, and what it says alerts are worth."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models import Account, AuditEntry, HoldoutDraw, Score
from service.alerts import actions, holdout, queries, trial
from service.alerts.holdout import Arm
from tests import make

NOW = make.MONDAY


@pytest.fixture
def on(settings):
    """Settings of a company that holds a fifth back."""
    return settings.model_copy(update={"holdout_share": 0.2, "alerts_per_day": 100})


@pytest.fixture
def review(session):
    def run(settings, **span):
        reviewed = actions.review(session, settings, now=NOW + timedelta(**span))
        session.flush()
        session.expire_all()
        return reviewed

    return run


@pytest.fixture
def crowd(session):
    """A hundred accounts a little over the line."""
    return [make.score(session, make.account(session), 0.75).account_id for _ in range(100)]


def draws(session, **facts):
    return list(session.scalars(select(HoldoutDraw).filter_by(**facts).order_by(HoldoutDraw.id)))


def test_it_is_off_by_default(session, settings, review, crowd):
    everybody = settings.model_copy(update={"alerts_per_day": 100})

    assert settings.holdout_share == 0
    assert len(review(everybody).opened) == len(crowd)
    assert draws(session) == []


def test_about_the_share_is_left_without_an_alert_and_everyone_is_written_down(session, on, review, crowd):
    reviewed = review(on)
    held = draws(session, held=True)

    assert 10 <= len(held) <= 32
    assert len(reviewed.opened) == 100 - len(held) == len(draws(session, held=False))
    assert {draw.account_id for draw in held}.isdisjoint({alert.account_id for alert in reviewed.opened})
    assert [(draw.risk, draw.line, draw.model, draw.share) for draw in held] == [(0.75, 0.7, "starter", 0.2)] * len(
        held
    )
    assert all((draw.week, draw.until) == ("2026-W10", NOW + timedelta(days=14)) for draw in held)


def test_the_lot_is_the_same_each_time_and_nobody_without_the_key_can_tell_it(on, crowd):
    lots = [holdout.lot("key", account, "2026-W10") for account in crowd]

    assert lots == [holdout.lot("key", account, "2026-W10") for account in crowd]
    assert lots != [holdout.lot("other", account, "2026-W10") for account in crowd]
    assert all(0 <= lot < 1 for lot in lots)


def test_who_is_left_alone_stays_so_for_the_horizon_and_is_then_asked_about(session, on, review, crowd):
    review(on)
    held = {draw.account_id for draw in draws(session, held=True)}

    assert not held & {alert.account_id for alert in review(on, days=13).opened}
    assert held <= {alert.account_id for alert in review(on, days=14).opened}
    assert {draw.ended_why for draw in draws(session, held=True)} == {"The horizon is over."}


def test_switching_it_off_ends_it_at_once(session, on, settings, review, crowd):
    review(on)
    held = {draw.account_id for draw in draws(session, held=True)}

    opened = review(settings.model_copy(update={"alerts_per_day": 100}), minutes=1).opened

    assert {alert.account_id for alert in opened} == held
    assert {draw.ended_why for draw in draws(session)} == {"The hold-out was switched off.", "It was alerted."}


def test_a_complaint_or_a_risk_well_over_the_line_ends_it(session, on, review, crowd):
    review(on)
    spoke, rose, *_ = [draw.account_id for draw in draws(session, held=True)]
    make.complaint(session, session.get(Account, spoke), at=NOW + timedelta(hours=1))
    session.get(Score, rose).risk = 0.95
    session.flush()

    opened = {alert.account_id for alert in review(on, hours=2).opened}

    assert opened == {spoke, rose}


@pytest.mark.parametrize(
    ("facts", "risk", "limit"),
    [
        ({}, 0.95, 0),  # Its odds are three times the line's.
        ({"value": 500_000.0}, 0.75, 400_000),
        ({"value": None}, 0.75, 400_000),
    ],
)
def test_the_riskiest_and_the_most_valuable_are_never_left_alone(  # noqa: PLR0917
    session, on, review, facts, risk, limit
):
    for _ in range(40):
        make.score(session, make.account(session, **facts), risk)

    assert len(review(on.model_copy(update={"holdout_most_value": limit})).opened) == 40
    assert draws(session) == []


def test_who_complained_within_the_horizon_is_never_left_alone(session, on, review):
    for _ in range(40):
        account = make.account(session)
        make.score(session, account, 0.75)
        make.complaint(session, account, at=NOW - timedelta(days=13))

    assert len(review(on).opened) == 40


def test_nobody_is_left_alone_twice_in_a_quarter(session, on, review, crowd):
    review(on)
    held = {draw.account_id for draw in draws(session, held=True)}
    for alert in review(on, days=14).opened:
        actions.resolve(session, alert, "Done.", by="ola", now=NOW + timedelta(days=15))

    review(on, days=30)

    assert not held & {draw.account_id for draw in draws(session, held=True)[len(held) :]}


def test_holding_back_takes_no_room(session, on, review, crowd):
    small = on.model_copy(update={"alerts_per_day": 20})

    reviewed = review(small)

    assert len(reviewed.opened) == 40
    assert reviewed.waiting == actions.waiting(session, small, now=NOW) == 60 - len(draws(session, held=True))


def test_who_is_left_alone_is_in_the_audit_log(db, on):
    with db.begin() as session:
        for _ in range(40):
            make.score(session, make.account(session), 0.75)
        actions.review(session, on, now=NOW)

    with db.read() as session:
        logged = session.scalars(select(AuditEntry.subject).where(AuditEntry.action == "holdout.hold"))
        held = {str(draw.account_id) for draw in draws(session, held=True)}
        assert set(logged) == held != set()


def test_both_kinds_are_judged_by_their_lot_once_the_horizon_is_over(session, on, review, crowd):
    review(on)
    held, alerted = (draws(session, held=kind) for kind in (True, False))
    for draw, days in ((held[0], 1), (held[1], 14), (held[2], 15), (alerted[0], 2)):
        make.complaint(session, session.get(Account, draw.account_id), at=NOW + timedelta(days=days))

    early = trial.measure(session, on, now=NOW + timedelta(days=13))
    measured = trial.measure(session, on, now=NOW + timedelta(days=14))

    assert early.held == Arm(0, 0)
    assert early.worth is None
    assert (measured.held, measured.alerted) == (Arm(len(held), 2), Arm(len(alerted), 1))
    assert measured.worth.low < measured.worth.kept_away < measured.worth.high


def test_the_interval_is_newcombes():
    # Newcombe, Statistics in Medicine 1998, 17:873-890, table II (a), method 10.
    worth = holdout.worth(Arm(70, 56), Arm(80, 48))

    assert worth.kept_away == pytest.approx(0.2)
    assert (worth.low, worth.high) == (pytest.approx(0.0524, abs=1e-4), pytest.approx(0.3339, abs=1e-4))


def test_what_an_alert_waits_for_is_not_shown_as_held(session, on, review, crowd):
    review(on)
    held = draws(session, held=True)[0]

    assert queries.alerts_of_account(session, held.account_id) == []
    assert queries.held.of_account(session, held.account_id, now=NOW + timedelta(days=13)) == []
    assert queries.held.of_account(session, held.account_id, now=NOW + timedelta(days=14)) == [held]
