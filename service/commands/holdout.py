"""Say what alerts are worth."""

from contextlib import closing

from service.alerts import trial
from service.alerts.schemas import holdout_out
from service.alerts.trial import Measured
from service.commands import door
from service.commands.door import Json
from service.kit.clock import SystemClock


def holdout(*, json: Json = False) -> None:
    """Say what alerts are worth, by the accounts that were left without one by lot."""
    settings, now = door.load_settings(), SystemClock().now()
    with closing(door.open_db(settings)) as db, db.read() as session:
        measured = trial.measure(session, settings, now=now)
    if json:
        door.answer(holdout_out(measured).model_dump())
        return
    rows = {"held back": measured.held, "alerted": measured.alerted}
    shown = [
        {
            "": name,
            "accounts": str(arm.accounts),
            "complained": str(arm.complained),
            "rate": "-" if arm.rate is None else f"{arm.rate:.0%}",
        }
        for name, arm in rows.items()
    ]
    door.table(shown, empty="")
    for line in _told(measured):
        door.say(line)


def _told(measured: Measured) -> list[str]:
    state = f"{measured.share:.0%} of new alerts are held back" if measured.share else "Nothing is held back"
    found = [f"{state}; {measured.live} accounts are left alone now."]
    if measured.worth is None:
        return [*found, "Nothing to say yet: it needs held and alerted accounts whose horizon is over."]
    worth = measured.worth
    low, high = 100 * worth.low, 100 * worth.high
    found.append(f"100 alerts keep away {100 * worth.kept_away:.0f} complaints ({low:.0f} to {high:.0f}, 95 %).")
    if worth.low <= 0 <= worth.high:
        found.append("That may be chance: the bounds include 0.")
    return found
