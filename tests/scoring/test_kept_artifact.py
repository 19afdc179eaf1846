"""A model kept from an earlier Headsup (tests/scoring/kept-1, format 1, test key) still speaks, or is refused clearly.

Never write the folder anew to make a test pass: what customers have on disk is not written anew either. When the
format changes, keep another one beside it.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from service.scoring import artifact, sealed
from tests.scoring.test_artifact import KEY

HERE = Path(__file__).parent
SHA256 = "4ace95f2f04b92f0ffdb71522c620f00414676f8d844bb7f5fdfbb17161f6d68"


@pytest.fixture
def kept():
    return artifact.load(HERE, "kept-1", SHA256, KEY, {"late": 7})


def test_a_model_of_an_earlier_version_gives_the_risks_that_it_was_trained_to_give(kept):
    golden = json.loads((HERE / "kept-1" / sealed.CARD).read_text())["golden"]

    risk = kept.blend.risk(np.array(golden["values"], np.float64))

    np.testing.assert_allclose(risk, golden["risk"], rtol=0, atol=1e-9)
    assert (kept.blend.linear, kept.blend.trees) != (None, None)
    assert [definition.id for definition in kept.definitions] == [7, -1]


def test_its_weights_still_add_up(kept):
    values = np.array([[0.4, np.nan, 0.9, 0.1]])
    weights, average = kept.blend.weigh(values)

    risk = 1 / (1 + np.exp(-(weights.sum(axis=1) + average)))

    np.testing.assert_allclose(risk, kept.blend.risk(values), rtol=0, atol=1e-9)


def test_a_model_of_a_newer_format_is_refused_with_what_to_do(tmp_path):
    card = json.loads((HERE / "kept-1" / sealed.CARD).read_text()) | {"format": artifact.FORMAT + 1}
    sha256 = artifact.save(tmp_path, "newer", {"anything": "else"}, card, KEY)

    with pytest.raises(sealed.ArtifactRefused, match=r"newer Headsup \(format 2, this one reads up to 1\): upgrade"):
        artifact.load(tmp_path, "newer", sha256, KEY, {})
