"""Who speaks: the promoted model if its artefact is sound, the one before it, or the starter score."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.kit.database import Session
from service.kit.settings import Settings
from service.scoring import queries
from service.scoring.definitions import Definition
from service.scoring.judgement import Scorer
from service.scoring.past import Prior
from service.scoring.starter import Starter


@dataclass(frozen=True)
class Speaking:
    """A scorer with what its features need."""

    scorer: Scorer
    definitions: Sequence[Definition]
    prior: Prior


def speaking(session: Session, settings: Settings) -> Speaking:
    """The scorer in force."""
    definitions = queries.definitions(session)
    return Speaking(Starter(definitions, settings.learning_days), definitions, Prior())
