"""A mail of every kind about a company that does not exist: to look at, to send to oneself, to test templates with."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from models import Danger, Resolution
from service.updates.contents import (
    Answer,
    Client,
    CommitmentAtRisk,
    Content,
    Digest,
    Ended,
    FollowUp,
    Group,
    HeadsUp,
    ManagerWeek,
    Notice,
    PlainHeadsUp,
    Receipt,
    RepWeek,
    Said,
    Standing,
    To,
)
from service.updates.parts import Domino, NewsLine, Promise

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TO = To(UUID(int=1), "Rita Reyes", "Europe/Berlin", "https://headsup.example", rep_id=1)
LENA = To(UUID(int=1), "Lena Lund", "Europe/Berlin", "https://headsup.example")
# Eight weeks, a value for every fourth day.
RISING = (18, 12, 16, 9, 13, 20, 19, 22, 30, 33, 48, 55, 62, 71, 79)
WORSE = (31, 30, 33, 28, 40, 35, 38, 41, 47, 52, 49, 60, 66)
UNEASY = (44, 51, 47, 39, 42, 40, 45, 61, 58, 49, 44, 50, 52)


def days(values: tuple[int, ...], *, until: date = date(2026, 3, 2)) -> tuple[tuple[date, float], ...]:
    """Percentages spread over eight weeks, one a day."""
    first, last = until - timedelta(days=55), len(values) - 1
    found = []
    for offset in range(56):
        place = offset * last / 55
        low = min(int(place), last - 1)
        risk = values[low] + (values[low + 1] - values[low]) * (place - low)
        found.append((first + timedelta(days=offset), round(risk / 100, 3)))
    return tuple(found)


NORTHWIND = Client(
    account_id="NW-204",
    name="Northwind Foods",
    risk=0.79,
    line=0.6,
    trained=True,
    horizon_days=14,
    opened_at=NOW - timedelta(hours=2),
    rising=(
        "Share delivered late 4 % → 19 % in 9 days (target 5 %)",
        "Tickets without an answer: 2, usually 0.4",
        "2 complaints in the last 28 days, usually 0.5",
    ),
    lowering=("Driver rating 4.1 → 4.6 of 5 in 28 days",),
    days=days(RISING),
)
HALDEN = Client(
    account_id="HA-017",
    name="Halden Retail",
    risk=0.66,
    line=0.6,
    trained=True,
    horizon_days=14,
    opened_at=NOW - timedelta(hours=4),
    rising=("Damaged parcels: 3 in 7 days, usually 0.6",),
    days=days(WORSE),
)
SAID = Said(
    written_at=NOW - timedelta(minutes=20),
    cause="Two drivers are off sick on the northern route since Tuesday; the late stops are all theirs.",
    owner="Ola Berg, +49 30 5550 117",
    fix="A second van starts tomorrow at 06:00. Until then the depot in Spandau takes the early stops.",
    say="We saw that your deliveries in the north have been late since Tuesday. A second van starts tomorrow, and I "
    "will send you the numbers on Friday.",
    next_update_at=NOW + timedelta(hours=6, minutes=30),
)
EARLIER = Said(
    written_at=NOW - timedelta(hours=3),
    cause="We do not know yet why the stops are late.",
    owner="Ola Berg",
    fix="The dispatcher is calling the depot.",
    say="",
    next_update_at=NOW,
)
SUBJECT = "Northwind Foods may complain: share delivered late 4 % → 19 %"

CALL = (
    Standing(
        "NW-204", "Northwind Foods", 0.79, 0.48, trained=True, open=True, why=NORTHWIND.rising[0], said=SAID,
        told_at=NOW - timedelta(days=3), days=NORTHWIND.days,
    ),
    Standing("HA-017", "Halden Retail", 0.66, 0.41, trained=True, open=True, why=HALDEN.rising[0], days=HALDEN.days),
)  # fmt: skip
CHANGED = (
    Standing(
        "BL-330", "Brightline Media", 0.52, 0.44, trained=True, open=False, why="Two missed collections in 7 days",
        days=days(UNEASY),
    ),
    Standing(
        "TL-009", "Tern Logistics", 0.12, 0.64, trained=True, open=False, ended=Resolution.FIXED,
        days=days((22, 25, 20, 38, 51, 66, 62, 64, 58, 40, 21, 14, 12)),
    ),
)  # fmt: skip
FINE = tuple(
    Standing(f"F-{number}", name, 0.08, 0.09, trained=True, open=False)
    for number, name in enumerate(("Oakmoor Dairy", "Sable & Finch", "Alder Print", "Møller Møbler"))
)

PROMISE = Promise(
    "NW-204", "Northwind Foods", "Deliveries before 08:00 in all northern shops", date(2026, 3, 6), Danger.OFF_TARGET,
    "Share delivered late", "5 %", "19 %", 5, 7,
    (Domino("The reopening of the shop in Tegel", date(2026, 3, 7)), Domino("Fresh bread for two hotels by 07:30")),
)  # fmt: skip
QUESTION = "Can we deliver to the new shop in Tegel on Saturday before 07:00?"


def samples() -> dict[str, Content]:
    """A content of every kind by the name that it is listed under."""
    return _of_accounts() | _of_weeks() | _of_operations()


def _of_accounts() -> dict[str, Content]:
    return {
        "heads-up": HeadsUp(TO, NORTHWIND, SAID),
        "heads-up-starter-score": HeadsUp(TO, _untrained(NORTHWIND), SAID),
        "plain-heads-up": PlainHeadsUp(TO, NORTHWIND, seen=False),
        "follow-up": FollowUp(
            TO, NORTHWIND, SAID, SUBJECT, earlier=(EARLIER,), why="risen", since_risk=0.62
        ),
        "fixed": Ended(
            TO, NORTHWIND, Resolution.FIXED, NOW, note="The second van drives. Late stops are back at 4 %.",
            subject=SUBJECT,
        ),
        "all-clear": Ended(TO, NORTHWIND, Resolution.FADED, NOW, subject=SUBJECT),
        "false-alarm": Ended(TO, NORTHWIND, Resolution.WRONG, NOW, subject=SUBJECT),
        "fixed-before-told": Ended(
            TO, NORTHWIND, Resolution.FIXED, NOW, note="A second van drove.", first=True, unsaid=(EARLIER,)
        ),
        "several-accounts": Group(TO, (HeadsUp(TO, NORTHWIND, SAID), PlainHeadsUp(TO, HALDEN, seen=True))),
        "promise-at-risk": CommitmentAtRisk(
            TO, "NW-204", "Northwind Foods", PROMISE, said=SAID
        ),
    }  # fmt: skip


def _of_weeks() -> dict[str, Content]:
    return {
        "weekly": Digest(
            TO, date(2026, 2, 23), CALL, CHANGED, FINE, 1,
            (
                NewsLine("Deliveries can be followed on a map from April on."),
                NewsLine("The depot in Spandau opens on Saturdays.", "Retail"),
            ),
            (PROMISE, Promise("TL-009", "Tern Logistics", "Pallets in the new bay", date(2026, 3, 13))),
        ),
        "weekly-good": Digest(TO, date(2026, 2, 23), (), (), FINE),
        "receipt": Receipt(
            TO, QUESTION, NOW, NOW + timedelta(hours=5), "Northwind Foods", "NW-204", "Ola Berg", SUBJECT,
        ),
        "answer": Answer(
            TO, "Yes: the second van can be there at 06:30. I have told the driver to ring the back door.\n\nOla Berg",
            "Ola Berg", QUESTION, NOW, "Northwind Foods", "NW-204", SUBJECT,
        ),
        "manager-weekly": ManagerWeek(
            LENA, date(2026, 2, 23),
            (
                RepWeek("Rita Reyes", "rita@example.com", 8, CALL, told=1, complaints=1, unacknowledged=1),
                RepWeek("Sam Okafor", "sam@example.com", 14, (), told=0, complaints=0, unacknowledged=0),
            ),
        ),
    }  # fmt: skip


def _of_operations() -> dict[str, Content]:
    return {
        "operations": Notice(
            LENA, "escalation", "https://headsup.example/alerts/1",
            {"name": NORTHWIND.name, "opened_at": NORTHWIND.opened_at, "reasons": NORTHWIND.rising[:2],
             "plain_after_minutes": 180},
        ),
        "operations-late": Notice(
            LENA, "late", "https://headsup.example/alerts/1",
            {"name": NORTHWIND.name, "promised_at": NOW, "cause": SAID.cause},
        ),
        "operations-unreached": Notice(
            LENA, "unreached", "https://headsup.example/alerts/1",
            {"who": TO.name, "name": NORTHWIND.name, "why": "hard", "error": "",
             "told": [{"name": NORTHWIND.name, "cause": SAID.cause, "owner": SAID.owner, "fix": SAID.fix}]},
        ),
        "operations-storm": Notice(
            LENA, "storm", "https://headsup.example/mail",
            {"reason": "212 of 400 accounts crossed the alert line within a day: perhaps the data are wrong.",
             "minutes": 15},
        ),
        "operations-template": Notice(
            LENA, "template", "https://headsup.example/mail",
            {"trouble": "heads_up: heads_up/subject.txt.j2, line 2: 'clint' is undefined", "folder": "/etc/headsup"},
        ),
        "operations-model": Notice(
            LENA, "model", "https://headsup.example/model",
            {"title": "The model finds fewer complaints than it promised",
             "lines": ["Of 40 accounts over the line in the last four weeks, 11 complained; 18 were promised."]},
        ),
    }  # fmt: skip


def _untrained(client: Client) -> Client:
    return replace(client, trained=False)
