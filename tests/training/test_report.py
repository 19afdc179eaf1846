"""`headsup backtest --report`: the numbers behind the pictures, and the page itself."""

import re

import pytest

from models import Account
from tests.conftest import SAME_SUMS
from tests.scoring import planted
from training import figures, plots

pytestmark = SAME_SUMS


def test_calibration_counts_every_row_once_and_rises_with_the_risk(drawn):
    bins = figures.calibration(drawn[1], drawn[2] / 4)

    assert sum(each.rows for each in bins) == 3000
    assert [each.risk for each in bins] == sorted(each.risk for each in bins)
    assert all(abs(each.risk - each.complained) < 0.08 for each in bins)


def test_the_right_share_falls_as_more_complaints_are_caught(drawn):
    curve = figures.precision_recall(drawn[1], drawn[2])

    assert [point[0] for point in curve] == sorted(point[0] for point in curve)
    assert curve[-1] == (1.0, pytest.approx(drawn[1].mean(), abs=0.01))
    assert curve[0][1] > curve[-1][1]


@pytest.mark.parametrize(("top", "end"), [(0.03, 0.03), (0.13, 0.15), (0.41, 0.5), (1.0, 1.0)])
def test_an_axis_of_shares_ends_where_the_numbers_do(top, end):
    axis = plots.shares("share", top)

    assert axis.top == pytest.approx(end)
    assert 3 <= len(axis.ticks) <= 6


@pytest.mark.parametrize("top", [0.4, 7.0, 113.0, 24_000.0])
def test_an_axis_of_amounts_has_a_few_round_ticks(top):
    ticks = plots.amounts("alerts a day", top).ticks

    assert 4 <= len(ticks) <= 6
    assert all(0 <= value <= top for value, _ in ticks)


def test_a_report_opens_offline_and_names_segments_safely(db, cli, tmp_path):
    with db.begin() as session:
        planted.company(session, weeks=30)
        for account in session.query(Account):
            account.segment = "Retail" if account.id % 2 else "<script>alert(1)</script>"
    file = tmp_path / "report.html"

    done = cli("backtest", "--json", "--report", str(file))

    page = file.read_text()
    assert done.exit_code == 0
    assert not re.search(r"<script|<link|<img|src=|url\(|https?://|@import", page)
    assert "&lt;script&gt;" in page
    assert page.count('role="img"') == 4
    for told in (
        "scorecard",
        "95&nbsp;% interval",
        "alerts a day",
        "working hours",
        "told first",
        "over the lines, by priority",
        "Retail",
        "Chosen: ",
        "In plain words",
        "More than is usual for it?",
    ):
        assert told in page


def test_no_mark_leaves_its_chart(db, cli, tmp_path):
    with db.begin() as session:
        planted.company(session, weeks=30, accounts=25)

    cli("backtest", "--json", "--report", str(tmp_path / "report.html"))

    page = (tmp_path / "report.html").read_text()
    places = [pair.split(",") for line in re.findall(r'points="([^"]+)"', page) for pair in line.split()]
    assert len(places) > 50
    assert all(0 <= float(x) <= plots.WIDTH and 0 <= float(y) <= plots.HEIGHT for x, y in places)
