"""Trained models on disk: what is in the files, and what a model must show before it may speak.

`model.skops` holds the numbers, `card.json` says what they mean; `service.scoring.sealed` signs and verifies both.
Nothing here unpickles: the numbers are plain arrays, so an upgrade of scikit-learn does not change what they say.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from pydantic import SecretStr

from service.scoring import golden, sealed
from service.scoring.definitions import Definition
from service.scoring.heads import Head
from service.scoring.items import ItemModel
from service.scoring.linear import Linear
from service.scoring.past import Prior
from service.scoring.sealed import CARD, MODEL, ArtifactRefused
from service.scoring.trained import Blend, TrainedScorer
from service.scoring.trees import Trees

# A model is numbers and nothing else. skops trusts the classes of scikit-learn unasked, so what may be in a file is
# told here, as its schema tells it: loader, module and class, and of an array that it is one of plain numbers.
PLAIN = {
    ("DictNode", "builtins", "dict", None),
    ("ListNode", "builtins", "list", None),
    ("JsonNode", "builtins", "str", None),
    ("TypeNode", "builtins", "str", None),
    ("NdArrayNode", "numpy", "ndarray", "numpy"),
}
# Of the files' layout; raised when what is written can no longer be read by what came before.
FORMAT = 1
# Bytes that the numbers may take once unpacked.
MOST_BYTES = 512 << 20
# Questions of all trees that an account may be asked: a hundred times what training grows.
MOST_QUESTIONS = 200_000


def save(folder: Path, version: str, numbers: Mapping[str, Any], card: Mapping[str, Any], key: SecretStr) -> str:
    """Write an artefact so that it is there whole or not at all, and return its hash.

    Raises:
        SigningKeyMissing: the setting `signing_key` is empty or no Ed25519 seed.
        FileExistsError: the version exists; artefacts are never overwritten.
    """
    facts = json.dumps({"format": FORMAT, **card}, indent=1, sort_keys=True, allow_nan=False)
    files = {MODEL: skops.io.dumps(dict(numbers), compression=8), CARD: facts.encode()}
    return sealed.write(folder, version, files, key)


def load(folder: Path, version: str, sha256: str, key: SecretStr, ids: Mapping[str, int]) -> TrainedScorer:
    """Verify and read a trained model; `ids` are this database's keys of the metrics.

    Raises:
        ArtifactRefused: missing, unsigned, changed since it was signed, of a newer format, not what this Headsup can
            ask, or computing something else than when it was trained; the detail says which.
        SigningKeyMissing: the setting `signing_key` is empty or no Ed25519 seed.
    """
    files = sealed.read(folder, version, sha256, key)
    card = json.loads(files[CARD])
    if card.get("format", FORMAT) > FORMAT:
        raise ArtifactRefused(
            f"Model {version} was written by a newer Headsup (format {card['format']}, this one reads up to {FORMAT}): "
            "upgrade Headsup, or promote an older model."
        )
    try:
        scorer = _scorer(version, _numbers(version, files[MODEL]), card, ids)
        _bounded(scorer)
        different = golden.differs(scorer, card["golden"])
    except (
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        ArithmeticError,
        zipfile.BadZipFile,
        RecursionError,
    ) as error:
        raise ArtifactRefused(
            f"Model {version} is not one that this Headsup can ask ({type(error).__name__}: {error}): train it again."
        ) from error
    if different:
        raise ArtifactRefused(f"Model {version} gives {different} here than where it was trained: train it again.")
    return scorer


def _numbers(version: str, packed: bytes) -> Mapping[str, Any]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        unpacked = sum(each.file_size for each in archive.infolist())
        if unpacked > MOST_BYTES:
            raise ArtifactRefused(f"Model {version} takes {unpacked:,} bytes; none takes more than {MOST_BYTES:,}.")
        other = _kinds(json.loads(archive.read("schema.json"))) - PLAIN
    if other:
        names = ", ".join(sorted(f"{module}.{name}" for _, module, name, _ in other))
        raise ArtifactRefused(f"Model {version} holds more than numbers ({names}). Train it again.")
    found: Mapping[str, Any] = skops.io.loads(packed, trusted=[])
    return found


def _kinds(schema: Any) -> set[tuple[Any, ...]]:
    """The kinds of all that is in a skops file."""
    if isinstance(schema, list):
        return set().union(*map(_kinds, schema))
    if not isinstance(schema, dict):
        return set()
    names = ("__loader__", "__module__", "__class__", "type")
    mine = {tuple(schema.get(name) for name in names)} if "__loader__" in schema else set()
    return mine.union(*map(_kinds, schema.values()))


def _bounded(scorer: TrainedScorer) -> None:
    """Refuse a model that would keep the worker from scoring."""
    blend = scorer.blend
    forests = [blend.trees] if blend.trees else []
    forests += [each.trees for each in (blend.head, scorer.items) if each is not None]
    questions = sum(len(trees.roots) * trees.depth for trees in forests)
    if questions > MOST_QUESTIONS:
        raise ArtifactRefused(
            f"Model {scorer.version} asks {questions:,} questions of each account, more than the {MOST_QUESTIONS:,} "
            "that can be asked in time: train it again."
        )


def numbers_of(blend: Blend, items: ItemModel | None = None) -> dict[str, Any]:
    """What goes into `model.skops`; the rest of a blend and of what follows items is in the card."""
    return {
        "items": items.trees.as_arrays() if items is not None else None,
        "trees": blend.trees.as_arrays() if blend.trees is not None else None,
        "linear": blend.linear.as_arrays() if blend.linear is not None else None,
        "head": blend.head.as_arrays() if blend.head is not None else None,
    }


def blend_card(blend: Blend) -> dict[str, Any]:
    """What the card says of a blend."""
    return {
        "columns": list(blend.columns),
        "groups": [
            {"name": name, "members": list(members)} for name, members in zip(blend.groups, blend.members, strict=True)
        ],
        "linear_share": blend.share,
        "centre": blend.centre.tolist(),
        "calibration": {"slope": blend.slope, "shift": blend.shift},
    }


def items_card(items: ItemModel | None) -> dict[str, Any] | None:
    """What the card says of the model that follows items; None where nothing is followed."""
    if items is None:
        return None
    return {"metrics": list(items.metrics), "alike": items.alike, "most": items.most}


def _scorer(version: str, numbers: Mapping[str, Any], card: Mapping[str, Any], ids: Mapping[str, int]) -> TrainedScorer:
    facts, linear, trees, head = card["blend"], numbers["linear"], numbers["trees"], numbers.get("head")
    blend = Blend(
        columns=tuple(facts["columns"]),
        groups=tuple(group["name"] for group in facts["groups"]),
        members=tuple(tuple(group["members"]) for group in facts["groups"]),
        linear=Linear.from_arrays(linear) if linear is not None else None,
        trees=Trees.from_arrays(trees) if trees is not None else None,
        share=facts["linear_share"],
        centre=np.array(facts["centre"]),
        head=Head.from_arrays(head) if head is not None else None,
        **facts["calibration"],
    )
    return TrainedScorer(
        version=version,
        blend=blend,
        definitions=[Definition.from_card(item, ids) for item in card["metrics"]],
        prior=Prior(**card["prior"]),
        typical=card["typical"],
        items=_items(card.get("items"), numbers.get("items")),
    )


def _items(facts: Mapping[str, Any] | None, trees: Mapping[str, Any] | None) -> ItemModel | None:
    if facts is None or trees is None:
        return None
    return ItemModel(tuple(facts["metrics"]), Trees.from_arrays(trees), facts["alike"], facts["most"])
