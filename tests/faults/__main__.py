"""All faults at full size, one file after the other: `python -m tests.faults [GOAL or FILE ...]`, and a table of them.

`HEADSUP_FAULTS_ON=sqlite` or `=postgresql` leaves the other database out. Hours of one machine that has nothing else to
do; each piece can be run alone. A goal that fails, or hangs for `HEADSUP_FAULTS_MINUTES` (120), stops no other; after
Ctrl-C there is a table of what has been run.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
DATABASES = ("sqlite", "postgresql")
# What nothing was collected of, or all of it left out, is no failure: it is about the other database.
NOTHING_TO_DO = 5
MOST_FIGURES = 4
MINUTES = float(os.environ.get("HEADSUP_FAULTS_MINUTES", "120"))
# What is interrupted stops its servers; what does not even do that is killed.
STOPS_WITHIN_SECONDS = 60
# Figures that tests print, behind pytest's dots; which tests failed; how many bugs lived.
WORTH_SAYING = re.compile(r"^[.sFE]*?(\{.*|(?:FAILED|ERROR) .*|.* were not caught: .*)")
# The files of each goal, seen from here.
GOALS = {
    "R01": "test_kills",
    "crash points": "test_crash_points",
    "R02 D03": "test_server_away",
    "R03": "test_durable",
    "R04": "test_keys",
    "R05": "test_order",
    "R06": "test_alert_machine",
    "R07": "test_zombies test_partition",
    "R08": "test_poison",
    "R09": "test_rehearsal",
    "R10 R11": "test_in_time",
    "E01": "test_mail_outage",
    "E02": "test_mail_matrix",
    "E03": "test_unreached",
    "E08": "../replies/test_acknowledge",
    "E12": "../updates/test_weekly",
    "E13": "test_mail_storm",
    "C01": "test_clock test_clock_jumps",
    "C02": "test_moments",
    "D01": "test_contention",
    "D02": "test_disk_full",
    "D04": "test_network",
    "D05": "test_engines",
    "D06": "test_upgrade test_lint_steps",
    "D07": "test_backup test_recovery",
    "D08": "test_library",
    "D10": "test_retention",
    "L": "test_load test_sizes",
    "A01": "../api/test_schema",
    "A03": "../fuzz/test_targets",
    "A04": "../api/test_round_trips",
    "S05": "../security/test_guessing",
}


class Ran(NamedTuple):
    """How one goal did on one database."""

    goal: str
    database: str
    outcome: str
    seconds: float
    figures: list[str]


def files_of(goal: str) -> list[Path]:
    """Where the tests of a goal are."""
    return [(HERE / f"{name}.py").resolve() for name in GOALS[goal].split()]


def main(wanted: list[str]) -> int:
    """Run what is wanted, or everything, and the seeded bugs; return how many failed."""
    databases = os.environ.get("HEADSUP_FAULTS_ON", " ".join(DATABASES)).split()
    chosen = [
        goal for goal in GOALS if not wanted or set(wanted) & {*goal.split(), *(path.stem for path in files_of(goal))}
    ]
    ran: list[Ran] = []
    with suppress(KeyboardInterrupt):
        for goal in chosen:
            for database in databases:
                ran.append(_run(goal, database))  # noqa: PERF401  an interruption leaves what has been run
        if not wanted or "R12" in wanted:
            ran.append(_bugs())
    _show(ran)
    return sum(each.outcome == "FAILED" for each in ran)


def _run(goal: str, database: str) -> Ran:
    more = {"HEADSUP_FAULTS": "full", "HEADSUP_TEST_DATABASE": database if database == "postgresql" else ""}
    return _ran(goal, database, ["pytest", "-s", "--tb=short", *map(str, files_of(goal))], os.environ | more)


def _bugs() -> Ran:
    return _ran("R12", "both", ["tests.faults.bugs"], dict(os.environ))


def _ran(goal: str, database: str, module: list[str], environment: dict[str, str]) -> Ran:
    began = time.monotonic()
    print(f"\n=== {goal} on {database}", flush=True)  # noqa: T201
    said: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-m", *module],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        watch = threading.Timer(60 * MINUTES, _end, [process])
        watch.start()
        try:
            for line in process.stdout or ():
                print(line, end="", flush=True)  # noqa: T201
                said += WORTH_SAYING.findall(line)
        except KeyboardInterrupt:
            _end(process)
            raise
        finally:
            watch.cancel()
    if time.monotonic() - began > 60 * MINUTES:
        said.append(f"not done in {MINUTES:g} minutes")
    outcome = {0: "passed", NOTHING_TO_DO: "nothing to do"}.get(process.returncode, "FAILED")
    return Ran(goal, database, outcome, time.monotonic() - began, said)


def _end(process: subprocess.Popen[str]) -> None:
    """Interrupt what runs, so that it says where it was; kill it and all that it started if it does not end."""
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOPS_WITHIN_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _show(ran: list[Ran]) -> None:
    print("\n| goal | database | outcome | minutes | figures |\n|---|---|---|---|---|")  # noqa: T201
    for each in ran:
        figures = "; ".join(each.figures[-MOST_FIGURES:])
        row = f"| {each.goal} | {each.database} | {each.outcome} | {each.seconds / 60:.1f} | {figures} |"
        print(row)  # noqa: T201


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
