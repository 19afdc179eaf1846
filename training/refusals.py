"""Why nothing is trained, in sentences that say what to do."""

from service.kit.errors import Conflict


class TrainingRefused(Conflict):
    """There is nothing that a model could honestly learn from."""
