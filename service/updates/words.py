"""The sentences of the mails; pure. Numbers carry units, times carry the day and whose clock it is."""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from models import STARTER, Account, Alert, Resolution, Update, UpdateKind
from service.kit.fields import UNSAFE

LONGEST_SUBJECT = 150


def clean(text: str, longest: int = 200) -> str:
    """One line without control characters, cut to a length: it goes into headers.

    An encoded word is taken apart: the mail library would decode it, and whatever it hides would become headers.
    """
    line = " ".join(UNSAFE.sub(" ", text).replace("=?", "= ?").split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def moment(at: datetime, time_zone: str) -> str:
    """Write a moment as the reader's wall clock shows it: "Tuesday 3 March, 16:00 (Berlin time)"."""
    local = at.astimezone(ZoneInfo(time_zone))
    place = time_zone.rpartition("/")[2].replace("_", " ")
    whose = "UTC" if place in {"UTC", "GMT"} else f"{place} time"
    return f"{local:%A} {local.day} {local:%B}, {local:%H:%M} ({whose})"


def rising(alert: Alert) -> list[str]:
    """What raises the risk, in the order in which it is to be told."""
    return _reasons(alert, "up")


def lowering(alert: Alert) -> list[str]:
    """What speaks against a complaint, in the order in which it is to be told."""
    return _reasons(alert, "down")


def _reasons(alert: Alert, direction: str) -> list[str]:
    return [reason["sentence"] for reason in alert.reasons if reason["direction"] == direction and reason["sentence"]]


def subject(account: Account, alert: Alert, *, again: bool) -> str:
    """The fact in a line. It stays the same for all mails about an alert, as mail programs thread by it."""
    fact = f"{clean(account.name, 80)} may complain"
    if reasons := rising(alert):
        fact += f": {_inside(reasons[0])}"
    return ("Re: " if again else "") + clean(fact, LONGEST_SUBJECT)


def _inside(sentence: str) -> str:
    """A sentence after a colon, without its span and target; abbreviations keep their capitals."""
    sentence = re.sub(r"( in \d+ days)?( \(target .*\))?$", "", sentence).rstrip(".").replace(": ", " ", 1)
    return sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]


def risk(alert: Alert, horizon_days: int) -> str:
    """Say in words what the risk means; the starter score is no probability and says so."""
    if alert.model == STARTER:
        return (
            "It stands out against its own past and its targets. "
            "This is a warning sign and not a probability: it does not come from a trained model."
        )
    return f"{_share(alert.risk)} accounts like this complained within {horizon_days} days."


def _share(value: float) -> str:
    if value >= 0.95:
        return "More than 9 in 10"
    if value >= 0.25:
        return f"About {round(value * 10)} in 10"
    return f"About 1 in {round(1 / value)}" if value >= 0.01 else "Fewer than 1 in 100"


@dataclass(frozen=True)
class News:
    """What a mail has to say, beyond the reasons."""

    title: str
    lead: str
    facts: tuple[tuple[str, str], ...]
    say: str = ""
    button: str = "I have it"
    shows_risk: bool = True


def news(update: Update, account: Account, *, time_zone: str, again: bool) -> News:
    """Say what an update means for the rep."""
    name = clean(account.name)
    if update.kind is UpdateKind.WRITTEN:
        return _written(update, name, time_zone, again=again)
    if update.kind is UpdateKind.PLAIN:
        return _plain(update.alert, name, time_zone)
    return _ended(update.alert, name)


def _written(update: Update, name: str, time_zone: str, *, again: bool) -> News:
    assert update.next_update_at is not None
    return News(
        title=f"News about {name}" if again else f"{name} may complain",
        lead=update.cause,
        facts=(
            ("What is wrong", update.cause),
            ("What we do", update.fix),
            ("Who has it", update.owner),
            ("Next update", moment(update.next_update_at, time_zone)),
        ),
        say=update.say,
    )


def _plain(alert: Alert, name: str, time_zone: str) -> News:
    asked = moment(alert.opened_at, time_zone)
    looked = "has seen the alert" if alert.acknowledged_at else "was asked"
    silent = f"Operations {looked} but has not yet said what is wrong. The alert opened on {asked}."
    return News(
        title=f"{name} may complain",
        lead="Operations has not yet said what is wrong; you should know anyway.",
        facts=(
            ("What is wrong", silent),
            ("What you can do", "Be ready for a call, or ask operations by a reply to this mail."),
            ("Next update", "As soon as operations writes it; you get it at once."),
        ),
    )


def _ended(alert: Alert, name: str) -> News:
    words = {
        Resolution.FIXED: (f"Fixed: {name}", "Operations says that it is fixed."),
        Resolution.FADED: (f"All clear: {name}", "The risk has been low for two days. Nothing had to be fixed."),
        Resolution.WRONG: (f"False alarm: {name}", "Operations looked into it: the alert was wrong."),
    }
    title, lead = words[alert.resolution or Resolution.FIXED]
    # Why an alert was wrong is written for colleagues and for training, not for the rep.
    fixed = alert.resolution is Resolution.FIXED and alert.resolution_note
    facts = (("What was done", alert.resolution_note),) if fixed else ()
    return News(title=title, lead=lead, facts=facts, shows_risk=False)
