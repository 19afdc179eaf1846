"""A small company with a planted cause: accounts complain in the weeks after many late deliveries."""

from datetime import timedelta

import numpy as np

from models import Better, Combine, Complaint, Observation
from tests import make

WEEKS, ACCOUNTS = 40, 40
START = make.MONDAY - timedelta(weeks=WEEKS)


def company(session, *, complaints=True, accounts=ACCOUNTS, weeks=WEEKS):
    """Daily lateness and open orders of some accounts; bad spells of two weeks bring complaints."""
    draw = np.random.default_rng(3)
    late, opened = make.metric(session), make.metric(session, "open", label="Open orders", unit="orders", **VOLUME)
    rows = []
    for number in range(accounts):
        account = make.account(session, external_id=f"client-{number:02}", data_version=1)
        bad = np.repeat(draw.random(weeks // 2 + 1) < 0.15, 14)[: weeks * 7]
        values = np.clip(draw.normal(0.05 + 0.5 * bad, 0.03), 0, 1).round(3)
        volume = draw.poisson(3 + number % 5, weeks * 7)
        for day in range(weeks * 7):
            at = START + timedelta(days=day)
            rows += [_row(account, late, at, values[day]), _row(account, opened, at, volume[day])]
            if complaints and draw.random() < (0.2 if bad[max(0, day - 14) : max(0, day - 3)].any() else 0.004):
                rows.append(_complaint(account, at + timedelta(hours=5), number, day))
    session.add_all(rows)
    session.flush()


VOLUME = {"better": Better.NEUTRAL, "combine": Combine.LAST, "exposure": True, "target": None}


def _row(account, metric, at, value):
    return Observation(account_id=account.id, metric_id=metric.id, observed_at=at, value=float(value), item_id="")


def _complaint(account, at, number, day):
    return Complaint(external_id=f"{number}-{day}", account_id=account.id, occurred_at=at, severity=2, received_at=at)
