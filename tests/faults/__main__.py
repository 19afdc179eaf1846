"""All faults at full size, one file after the other: `python -m tests.faults [GOAL or FILE ...]`, and a table of them.

`HEADSUP_FAULTS_ON=sqlite` or `=postgresql` leaves the other database out. Hours of one machine that has nothing else to
do; each piece can be run alone.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
DATABASES = ("sqlite", "postgresql")
# What nothing was collected of, or all of it left out, is no failure: it is about the other database.
NOTHING_TO_DO = 5
GOALS = {
    "R01": "test_kills",
    "crash points": "test_crash_points",
    "R02 D03": "test_server_away",
    "R03": "test_durable",
    "R04": "test_keys",
    "R05": "test_order",
    "R06": "test_alert_machine",
    "R07": "test_zombies",
    "R08": "test_poison",
    "R09": "test_rehearsal",
    "R10 R11": "test_in_time",
    "E01": "test_mail_outage",
    "E02": "test_mail_matrix",
    "E03": "test_unreached",
    "E13": "test_mail_storm",
    "C01": "test_clock test_clock_jumps",
    "C02": "test_moments",
    "D01": "test_contention",
    "D02": "test_disk_full",
    "D04": "test_network",
    "D05": "test_engines",
    "D06": "test_upgrade test_lint_steps",
    "D07": "test_backup",
    "D08": "test_library",
    "D10": "test_retention",
    "L": "test_load test_sizes",
}


class Ran(NamedTuple):
    """How one goal did on one database."""

    goal: str
    database: str
    outcome: str
    seconds: float
    figures: list[str]


def main(wanted: list[str]) -> int:
    """Run what is wanted, or everything, and the seeded bugs; return how many failed."""
    databases = os.environ.get("HEADSUP_FAULTS_ON", " ".join(DATABASES)).split()
    chosen = {
        goal: files for goal, files in GOALS.items() if not wanted or set(wanted) & {*goal.split(), *files.split()}
    }
    ran = [_run(goal, files, database) for goal, files in chosen.items() for database in databases]
    if not wanted or "R12" in wanted:
        ran.append(_bugs())
    _show(ran)
    return sum(each.outcome == "FAILED" for each in ran)


def _run(goal: str, files: str, database: str) -> Ran:
    paths = [str(HERE / f"{name}.py") for name in files.split()]
    more = {"HEADSUP_FAULTS": "full", "HEADSUP_TEST_DATABASE": database if database == "postgresql" else ""}
    return _ran(goal, database, ["pytest", "-s", "--tb=short", *paths], os.environ | more)


def _bugs() -> Ran:
    return _ran("R12", "both", ["tests.faults.bugs"], dict(os.environ))


def _ran(goal: str, database: str, module: list[str], environment: dict[str, str]) -> Ran:
    began = time.monotonic()
    print(f"\n=== {goal} on {database}", flush=True)  # noqa: T201
    said = []
    with subprocess.Popen(
        [sys.executable, "-m", *module], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)  # noqa: T201
            said.append(line.strip())
    outcome = {0: "passed", NOTHING_TO_DO: "nothing to do"}.get(process.returncode, "FAILED")
    figures = [line.lstrip(".s") for line in said if line.lstrip(".s").startswith("{")]
    figures += [line for line in said if line.endswith("were not caught: []")]
    return Ran(goal, database, outcome, time.monotonic() - began, figures)


def _show(ran: list[Ran]) -> None:
    print("\n| goal | database | outcome | minutes | figures |\n|---|---|---|---|---|")  # noqa: T201
    for each in ran:
        figures = "; ".join(each.figures[-3:])
        row = f"| {each.goal} | {each.database} | {each.outcome} | {each.seconds / 60:.1f} | {figures} |"
        print(row)  # noqa: T201


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
