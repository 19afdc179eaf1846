"""Files that are read only as they were signed: a folder a version, written once, whole or not at all.

`signature` holds the sha256 of the other files and an Ed25519 signature over version and hashes; the registry row
repeats the hash of it all. Nothing of a file is parsed before all of that was found right.
"""

import base64
import binascii
import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr

from service.kit.errors import Conflict

MODEL, CARD, SIGNATURE = "model.skops", "card.json", "signature"
# Bytes of each file at most; the largest models seen have a hundredth of it.
LIMITS = {MODEL: 256 << 20, CARD: 32 << 20, SIGNATURE: 4 << 10}
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class ArtifactRefused(Conflict):
    """The trained model's files are not what was signed."""


class SigningKeyMissing(Conflict):
    """There is no key to sign trained models with."""


def write(folder: Path, version: str, files: Mapping[str, bytes], key: SecretStr) -> str:
    """Sign the files and write them so that they are there whole or not at all; return the hash of it all.

    Raises:
        SigningKeyMissing: the setting `signing_key` is empty or no Ed25519 seed.
        FileExistsError: the version exists; it is never overwritten.
    """
    target = folder / version
    if target.exists():
        raise FileExistsError(target)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    statement = _statement(version, hashes)
    signed = dict(files) | {SIGNATURE: _signature_file(version, hashes, _private(key).sign(statement))}
    folder.mkdir(parents=True, exist_ok=True)
    staged = folder / f".{version}.{os.getpid()}"
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir()
    for name, content in signed.items():
        _write(staged / name, content)
    _sync(staged)
    staged.rename(target)
    _sync(folder)
    return hashlib.sha256(statement).hexdigest()


def read(folder: Path, version: str, sha256: str, key: SecretStr) -> dict[str, bytes]:
    """The bytes of model and card, after signature and hashes were found right.

    Raises:
        ArtifactRefused: they were not, or a file is missing, a link, or larger than any model is.
        SigningKeyMissing: the setting `signing_key` is empty or no Ed25519 seed.
    """
    if not VERSION.fullmatch(version):
        raise ArtifactRefused(f"{version!r} is no name of a model.")
    private = _private(key)
    content = _contents(folder / version, version)
    hashes = {name: hashlib.sha256(content[name]).hexdigest() for name in (MODEL, CARD)}
    statement = _statement(version, hashes)
    try:
        signature = base64.b64decode(json.loads(content[SIGNATURE])["signature"], validate=True)
        private.public_key().verify(signature, statement)
    except (InvalidSignature, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ArtifactRefused(f"Model {version}: its files do not fit its signature. Train it again.") from error
    if content[SIGNATURE] != _signature_file(version, hashes, signature):
        raise ArtifactRefused(f"Model {version}: its signature file was edited. Train it again.")
    if hashlib.sha256(statement).hexdigest() != sha256:
        raise ArtifactRefused(f"Model {version}: its files are not those that were registered. Train it again.")
    return content


def stamp(folder: Path, version: str) -> tuple[tuple[int, int, int], ...]:
    """Changes whenever a file of a version does: inode, size and moment (ns) of each, zeros where there is none."""
    found = []
    for name in LIMITS:
        try:
            seen = (folder / version / name).lstat()
        except OSError:
            found.append((0, 0, 0))
        else:
            found.append((seen.st_ino, seen.st_size, max(seen.st_mtime_ns, seen.st_ctime_ns)))
    return tuple(found)


def check_key(key: SecretStr) -> None:
    """Find out before hours of work that nothing could be signed.

    Raises:
        SigningKeyMissing: the key is empty or no Ed25519 seed.
    """
    _private(key)


def _contents(folder: Path, version: str) -> dict[str, bytes]:
    """Read each file through the folder that was opened, following no link on the way."""
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise ArtifactRefused(f"Model {version}: {folder} cannot be read ({error.strerror}).") from error
    try:
        return {name: _content(opened, name, limit, version) for name, limit in LIMITS.items()}
    finally:
        os.close(opened)


def _content(folder: int, name: str, limit: int, version: str) -> bytes:
    try:
        # Without O_NONBLOCK a pipe under the file's name would be waited for.
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        with os.fdopen(handle, "rb") as file:
            seen = os.fstat(handle)
            if not stat.S_ISREG(seen.st_mode) or seen.st_size > limit:
                raise ArtifactRefused(f"Model {version}: {name} is no file of at most {limit:,} bytes.")
            return file.read(limit)
    except OSError as error:
        raise ArtifactRefused(f"Model {version}: {name} cannot be read ({error.strerror}).") from error


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
