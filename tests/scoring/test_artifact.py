"""A trained model is read only as it was signed."""

import json
import shutil

import numpy as np
import pytest
from pydantic import SecretStr

from service.scoring import artifact, sealed
from service.scoring.definitions import Definition
from service.scoring.items import ItemModel
from service.scoring.linear import Linear
from service.scoring.trained import Blend
from service.scoring.trees import Trees

KEY = SecretStr("c2lnbmluZy1rZXktb2YtdGhlLXRlc3Qtc3VpdGUtMDE=")
OTHER = SecretStr("YW5vdGhlci1zaWduaW5nLWtleS1vZi0zMi1ieXRlczE=")
METRICS = [Definition(0, key, key, better="lower", combine="last").as_card() for key in ("late", "open")]
VALUES = np.array([[0.1, np.nan], [0.9, 3.0]])


@pytest.fixture
def saved(tmp_path):
    """A small linear model on disk: folder, hash."""
    linear = Linear(np.zeros(2), np.ones(2), np.array([2.0, 0.5]), np.array([0.0, 0.1]), -1.0)
    blend = Blend(("late:last", "open:last"), ("late", "open"), ((0,), (1,)), linear, None, 1.0, np.zeros(2))
    golden = {"values": [[0.1, None], [0.9, 3.0]], "risk": blend.risk(VALUES).tolist()}
    card = {"blend": artifact.blend_card(blend), "golden": golden, "typical": {}, "metrics": METRICS, "prior": {}}
    sha256 = artifact.save(tmp_path, "v1", artifact.numbers_of(blend), card, KEY)
    return tmp_path, sha256


def test_a_model_read_back_gives_the_same_risks(saved):
    folder, sha256 = saved

    scorer = artifact.load(folder, "v1", sha256, KEY, {})

    assert scorer.blend.risk(VALUES).tolist() == json.loads((folder / "v1" / "card.json").read_text())["golden"]["risk"]


def test_the_model_of_items_is_read_back_as_it_was(saved, tmp_path):
    nodes = {
        name: np.array(values, np.int32)
        for name, values in {
            "roots": [0],
            "feature": [1, 0, 0],
            "left": [1, 1, 2],
            "right": [2, 1, 2],
            "group": [-1, 0, 0],
        }.items()
    }
    trees = Trees(**nodes, threshold=np.array([3.0, 0, 0]), gap_left=np.ones(3, bool), value=np.array([0, -2.0, 1.5]),
                  depth=1, base=-0.3)  # fmt: skip
    model = ItemModel(("late",), trees, alike=0.25, most=40)
    card = json.loads((saved[0] / "v1" / "card.json").read_text()) | {"items": artifact.items_card(model)}
    numbers = artifact.numbers_of(artifact.load(*_of(saved)).blend, model)
    sha256 = artifact.save(tmp_path, "v2", numbers, card, KEY)

    found = artifact.load(tmp_path, "v2", sha256, KEY, {}).items

    assert (found.metrics, found.alike, found.most) == (("late",), 0.25, 40)
    trails = np.array([[1.0, 2.0], [1.0, 9.0], [1.0, np.nan]])
    np.testing.assert_array_equal(found.chance(trails), model.chance(trails))
    assert artifact.load(*_of(saved)).items is None


def _of(saved):
    return saved[0], "v1", saved[1], KEY, {}


@pytest.mark.parametrize("name", [sealed.MODEL, sealed.CARD, sealed.SIGNATURE])
def test_no_flipped_bit_goes_unseen(saved, name, monkeypatch):
    folder, sha256 = saved
    path, whole = folder / "v1" / name, (folder / "v1" / name).read_bytes()
    monkeypatch.setattr(artifact.skops.io, "loads", _never)
    draw = np.random.default_rng(0)

    for place in draw.integers(0, len(whole), 60).tolist():
        changed = bytearray(whole)
        changed[place] ^= 1 << int(draw.integers(0, 8))
        path.write_bytes(changed)
        with pytest.raises(sealed.ArtifactRefused):
            artifact.load(folder, "v1", sha256, KEY, {})


def _never(*_arguments, **_options):
    pytest.fail("a file was parsed that is not what was signed")


@pytest.mark.parametrize("name", [sealed.MODEL, sealed.CARD, sealed.SIGNATURE])
def test_a_missing_file_is_named(saved, name):
    folder, sha256 = saved
    (folder / "v1" / name).unlink()

    with pytest.raises(sealed.ArtifactRefused, match=name):
        artifact.load(folder, "v1", sha256, KEY, {})


def test_a_model_signed_with_another_key_is_refused(saved):
    folder, sha256 = saved

    with pytest.raises(sealed.ArtifactRefused, match="signature"):
        artifact.load(folder, "v1", sha256, OTHER, {})


def test_an_older_version_under_a_newer_name_is_refused(saved):
    folder, sha256 = saved
    shutil.copytree(folder / "v1", folder / "v2")

    with pytest.raises(sealed.ArtifactRefused):
        artifact.load(folder, "v2", sha256, KEY, {})


def test_a_well_signed_model_that_nobody_registered_is_refused(saved):
    folder, _ = saved

    with pytest.raises(sealed.ArtifactRefused, match="registered"):
        artifact.load(folder, "v1", "0" * 64, KEY, {})


def test_an_artefact_is_never_overwritten(saved):
    folder, _ = saved

    with pytest.raises(FileExistsError):
        artifact.save(folder, "v1", {}, {}, KEY)


def test_without_a_key_nothing_is_saved(tmp_path):
    with pytest.raises(sealed.SigningKeyMissing, match="headsup init"):
        artifact.save(tmp_path, "v1", {}, {}, SecretStr(""))

    assert list(tmp_path.iterdir()) == []


def test_a_model_that_computes_something_else_here_is_refused(tmp_path):
    linear = Linear(np.zeros(1), np.ones(1), np.ones(1), np.zeros(1), 0.0)
    blend = Blend(("late:last",), ("late",), ((0,),), linear, None, 1.0, np.zeros(1))
    card = {"blend": artifact.blend_card(blend), "golden": {"values": [[1.0]], "risk": [0.1]}}
    sha256 = artifact.save(
        tmp_path, "v1", artifact.numbers_of(blend), card | {"metrics": METRICS, "prior": {}, "typical": {}}, KEY
    )

    with pytest.raises(sealed.ArtifactRefused, match="other risks"):
        artifact.load(tmp_path, "v1", sha256, KEY, {})
