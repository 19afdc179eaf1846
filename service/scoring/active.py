"""Who speaks: the promoted model if its artefact is sound, else the one before it, else the starter score."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from models import TrainedModel
from service.kit.database import Session
from service.kit.settings import Settings
from service.scoring import artifact, queries, sealed
from service.scoring.definitions import Definition
from service.scoring.items import ItemModel
from service.scoring.judgement import Scorer
from service.scoring.past import Prior
from service.scoring.starter import Starter
from service.scoring.trained import TrainedScorer

log = structlog.get_logger()

# What this process read, by folder, version, hash and the metrics' keys: the state of the files then, and the scorer or
# the sentence that says why it was refused. Files that have changed since are read again.
_Key = tuple[Path, str, str, tuple[tuple[str, int], ...]]
_loaded: dict[_Key, tuple[object, TrainedScorer | str]] = {}


@dataclass(frozen=True)
class Speaking:
    """A scorer with what its features need."""

    scorer: Scorer
    definitions: Sequence[Definition]
    prior: Prior
    items: ItemModel | None = None


@dataclass(frozen=True)
class Refused:
    """The promoted model cannot speak: why, and who speaks instead."""

    model: str
    why: str
    instead: str


def speaking(session: Session, settings: Settings) -> Speaking:
    """The scorer in force. A model that is refused is logged once and never parsed."""
    definitions = queries.definitions(session)
    model = queries.active_model(session)
    candidates = [] if model is None else [model, *queries.former_models(session)]
    for candidate in candidates:
        scorer = scorer_of(session, settings, candidate)
        if scorer is not None:
            return Speaking(scorer, scorer.definitions, scorer.prior, scorer.items)
    return Speaking(Starter(definitions, settings.learning_days), definitions, Prior())


def refused(session: Session, settings: Settings) -> Refused | None:
    """Say so where the promoted model is not the one that speaks."""
    model = queries.active_model(session)
    found = _read(model, settings, queries.definitions(session)) if model is not None else None
    if model is None or not isinstance(found, str):
        return None
    return Refused(model.version, found, speaking(session, settings).scorer.version)


def scorer_of(session: Session, settings: Settings, model: TrainedModel) -> TrainedScorer | None:
    """The scorer of one model, whether it speaks or not, recalibrated; None if its artefact is refused."""
    found = as_trained(session, settings, model)
    return found.shifted(queries.shift_of(session, model.version)) if found is not None else None


def as_trained(session: Session, settings: Settings, model: TrainedModel) -> TrainedScorer | None:
    """The scorer of one model as it is on disk; None if its artefact is refused."""
    found = _read(model, settings, queries.definitions(session))
    return found if isinstance(found, TrainedScorer) else None


def _read(model: TrainedModel, settings: Settings, definitions: Sequence[Definition]) -> TrainedScorer | str:
    ids = {definition.key: definition.id for definition in definitions}
    key = (settings.artifacts_dir, model.version, model.sha256, tuple(ids.items()))
    stamp = sealed.stamp(settings.artifacts_dir, model.version)
    known = _loaded.get(key)
    if known is None or known[0] != stamp:
        known = stamp, _load(model, settings, ids)
        _loaded[key] = known
    return known[1]


def _load(model: TrainedModel, settings: Settings, ids: dict[str, int]) -> TrainedScorer | str:
    try:
        return artifact.load(settings.artifacts_dir, model.version, model.sha256, settings.signing_key, ids)
    except (sealed.ArtifactRefused, sealed.SigningKeyMissing) as refusal:
        log.error("model_refused", model=model.version, reason=refusal.detail)  # noqa: TRY400  the reason is whole
        return refusal.detail
