"""Trained models on disk: a folder a version, written once, signed, and verified before anything in it is parsed.

`model.skops` holds the numbers, `card.json` says what they mean, `signature` holds the sha256 of both and an Ed25519
signature over version and hashes. The registry row repeats the hash of it all. Nothing here unpickles.
"""

import base64
import binascii
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr

from service.kit.errors import Conflict
from service.scoring.definitions import Definition
from service.scoring.heads import Head
from service.scoring.items import ItemModel
from service.scoring.linear import Linear
from service.scoring.past import Prior
from service.scoring.trained import Blend, TrainedScorer
from service.scoring.trees import Trees

MODEL, CARD, SIGNATURE = "model.skops", "card.json", "signature"
# A model is numbers and nothing else: no class has to be trusted to read one.
TRUSTED: list[str] = []
GOLDEN_TOLERANCE = 1e-9
# Of the files' layout; raised when what is written can no longer be read by what came before.
FORMAT = 1


class ArtifactRefused(Conflict):
    """The trained model's files are not what was signed."""


class SigningKeyMissing(Conflict):
    """There is no key to sign trained models with."""


def save(folder: Path, version: str, numbers: Mapping[str, Any], card: Mapping[str, Any], key: SecretStr) -> str:
    """Write an artefact so that it is there whole or not at all, and return its hash.

    Raises:
        SigningKeyMissing: the setting `signing_key` is empty or no Ed25519 seed.
        FileExistsError: the version exists; artefacts are never overwritten.
    """
    target = folder / version
    if target.exists():
        raise FileExistsError(target)
    files = {
        MODEL: skops.io.dumps(dict(numbers), compression=8),
        CARD: json.dumps({"format": FORMAT, **card}, indent=1, sort_keys=True, allow_nan=False).encode(),
    }
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    statement = _statement(version, hashes)
    files[SIGNATURE] = _signature_file(version, hashes, _private(key).sign(statement))
    folder.mkdir(parents=True, exist_ok=True)
    staged = folder / f".{version}.{os.getpid()}"
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir()
    for name, content in files.items():
        _write(staged / name, content)
    _sync(staged)
    staged.rename(target)
    _sync(folder)
    return hashlib.sha256(statement).hexdigest()


def load(folder: Path, version: str, sha256: str, key: SecretStr, ids: Mapping[str, int]) -> TrainedScorer:
    """Verify and read a trained model; `ids` are this database's keys of the metrics.

    Raises:
        ArtifactRefused: missing, unsigned, changed since it was signed, of a newer format, or computing other risks
            than when it was trained; the detail says which.
    """
    card, model = verified(folder / version, version, sha256, key)
    if card.get("format", FORMAT) > FORMAT:
        raise ArtifactRefused(
            f"Model {version} was written by a newer Headsup (format {card['format']}, this one reads up to {FORMAT}): "
            "upgrade Headsup, or promote an older model."
        )
    scorer = _scorer(version, skops.io.loads(model, trusted=TRUSTED), card, ids)
    golden = np.array(card["golden"]["values"], dtype=np.float64)
    if not np.allclose(scorer.blend.risk(golden), card["golden"]["risk"], rtol=0, atol=GOLDEN_TOLERANCE):
        raise ArtifactRefused(f"Model {version} gives other risks here than where it was trained: train it again.")
    return scorer


def verified(folder: Path, version: str, sha256: str, key: SecretStr) -> tuple[dict[str, Any], bytes]:
    """The card and the bytes of the numbers, after signature and hashes were found right.

    Raises:
        ArtifactRefused: they were not.
    """
    try:
        content = {name: (folder / name).read_bytes() for name in (MODEL, CARD, SIGNATURE)}
    except OSError as error:
        raise ArtifactRefused(f"Model {version}: {error.filename} cannot be read ({error.strerror}).") from error
    hashes = {name: hashlib.sha256(content[name]).hexdigest() for name in (MODEL, CARD)}
    statement = _statement(version, hashes)
    try:
        signature = base64.b64decode(json.loads(content[SIGNATURE])["signature"], validate=True)
        _private(key).public_key().verify(signature, statement)
    except (InvalidSignature, binascii.Error, ValueError, KeyError, TypeError) as error:
        raise ArtifactRefused(f"Model {version}: its files do not fit its signature. Train it again.") from error
    if content[SIGNATURE] != _signature_file(version, hashes, signature):
        raise ArtifactRefused(f"Model {version}: its signature file was edited. Train it again.")
    if hashlib.sha256(statement).hexdigest() != sha256:
        raise ArtifactRefused(f"Model {version}: its files are not those that were registered. Train it again.")
    card: dict[str, Any] = json.loads(content[CARD])
    return card, content[MODEL]


def signed_at(folder: Path, version: str) -> int:
    """When the signature was written, in nanoseconds; 0 where there is none. A restored artefact is looked at again."""
    try:
        return (folder / version / SIGNATURE).stat().st_mtime_ns
    except OSError:
        return 0


def check_key(key: SecretStr) -> None:
    """Find out before hours of work that nothing could be signed.

    Raises:
        SigningKeyMissing: the key is empty or no Ed25519 seed.
    """
    _private(key)


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


def _statement(version: str, hashes: Mapping[str, str]) -> bytes:
    return json.dumps({"version": version, "files": hashes}, sort_keys=True, separators=(",", ":")).encode()


def _signature_file(version: str, hashes: Mapping[str, str], signature: bytes) -> bytes:
    facts = {"version": version, "files": hashes, "signature": base64.b64encode(signature).decode()}
    return json.dumps(facts, indent=1).encode()


def _private(key: SecretStr) -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(key.get_secret_value(), validate=True))
    except (binascii.Error, ValueError) as error:
        raise SigningKeyMissing(
            "HEADSUP_SIGNING_KEY must be the base64 of a 32-byte seed; `headsup init` writes one."
        ) from error


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
