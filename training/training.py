"""Train: choose, test, refit on everything, set the alert line, write the artefact."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from models.trained_model import LineKind
from service.kit.settings import Settings
from service.scoring import artifact, lines, sealed
from service.scoring.lines import Choice
from training import alert_line, backtest, card
from training.backtest import Backtest, Material, Progress


@dataclass(frozen=True)
class Trained:
    """A model on disk, not yet registered."""

    version: str
    sha256: str
    card: dict[str, Any]
    line: float
    tested: Backtest


def train(material: Material, settings: Settings, *, seed: int, now: datetime, progress: Progress) -> Trained:
    """Make a model of what was collected and write its artefact.

    Its line is set for the budget of alerts a day; what somebody chose instead is followed when it is promoted.

    Raises:
        TrainingRefused: there is nothing to learn honestly; the detail says what to do.
        SigningKeyMissing: the setting `signing_key` is empty.
    """
    sealed.check_key(settings.signing_key)
    tested = backtest.run(material, seed=seed, progress=progress)
    progress("Refitting on everything", 0, 1)
    blend = backtest.final(material, tested.recipe)
    choice = Choice(LineKind.BUDGET, settings.alerts_per_day)
    validation = material.data.rows(material.window.validation(material.data))
    risk = tested.chosen_by.risk(validation.pick(tested.recipe.columns))
    curve = alert_line.curve(validation, risk, material.profiles, settings.alert_cool_down_hours)
    line = lines.choose(choice, curve)
    told = {"line": line, "chosen": asdict(choice), "curve": curve}
    name = f"{now:%Y%m%d-%H%M%S}"
    facts = card.card(name, material, tested, blend, line=told, now=now)
    numbers = artifact.numbers_of(blend, material.data.items)
    sha256 = artifact.save(settings.artifacts_dir, name, numbers, facts, settings.signing_key)
    progress("Refitting on everything", 1, 1)
    return Trained(name, sha256, facts, line, tested)
