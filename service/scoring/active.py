"""Who speaks: the promoted model if its artefact is sound, else the one before it, else the starter score."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from models import TrainedModel
from service.kit.database import Session
from service.kit.settings import Settings
from service.scoring import artifact, queries
from service.scoring.definitions import Definition
from service.scoring.items import ItemModel
from service.scoring.judgement import Scorer
from service.scoring.past import Prior
from service.scoring.starter import Starter
from service.scoring.trained import TrainedScorer

log = structlog.get_logger()

# Loaded models and refusals of this process, by folder, version, hash, time of signature and the metrics' keys.
_loaded: dict[tuple[Path, str, str, int, tuple[tuple[str, int], ...]], TrainedScorer | None] = {}


@dataclass(frozen=True)
class Speaking:
    """A scorer with what its features need."""

    scorer: Scorer
    definitions: Sequence[Definition]
    prior: Prior
    items: ItemModel | None = None


def speaking(session: Session, settings: Settings) -> Speaking:
    """The scorer in force. A model that is refused is logged once and never parsed."""
    definitions = queries.definitions(session)
    model = queries.active_model(session)
    candidates = [] if model is None else [model, *queries.former_models(session)]
    for candidate in candidates:
        scorer = _scorer(candidate, settings, definitions)
        if scorer is not None:
            return Speaking(scorer, scorer.definitions, scorer.prior, scorer.items)
    return Speaking(Starter(definitions, settings.learning_days), definitions, Prior())


def scorer_of(session: Session, settings: Settings, model: TrainedModel) -> TrainedScorer | None:
    """The scorer of one model, whether it speaks or not; None if its artefact is refused."""
    return _scorer(model, settings, queries.definitions(session))


def _scorer(model: TrainedModel, settings: Settings, definitions: Sequence[Definition]) -> TrainedScorer | None:
    ids = {definition.key: definition.id for definition in definitions}
    signed_at = artifact.signed_at(settings.artifacts_dir, model.version)
    cached = (settings.artifacts_dir, model.version, model.sha256, signed_at, tuple(ids.items()))
    if cached not in _loaded:
        try:
            _loaded[cached] = artifact.load(
                settings.artifacts_dir, model.version, model.sha256, settings.signing_key, ids
            )
        except (artifact.ArtifactRefused, artifact.SigningKeyMissing) as refusal:
            log.error("model_refused", model=model.version, reason=refusal.detail)  # noqa: TRY400  the reason is whole
            _loaded[cached] = None
    return _loaded[cached]
