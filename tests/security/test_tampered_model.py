"""S11: a model whose files are not what was signed is refused before it is parsed; the last good one goes on."""

import io
import json
import os
import pickle
import shutil
import sys
import zipfile
from dataclasses import replace

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from sqlalchemy import select

from models import Mail, Notice, Role, Score
from service.scoring import actions, artifact, sealed
from service.updates import notices as mails
from service.watching import notices
from tests import make
from tests.scoring import handmade
from tests.scoring.test_artifact import OTHER

OLD, NEW = "20260101-000000", "20260201-000000"
LENA = "lena@example.com"
_unpickled = []
sys.addaudithook(lambda event, _arguments: _unpickled.append(event) if event == "pickle.find_class" else None)


class Bomb:
    """Unpickling one would be seen, here and by the audit hook."""

    def __reduce__(self):
        return (os._exit, (66,))


@pytest.fixture
def installed(db, settings):
    """Two models, the newer one speaks; an account with data, and a lead."""
    with db.begin() as session:
        make.operator(session, LENA, Role.LEAD)
        late = make.metric(session)
        make.metric(session, "open", label="Open orders", unit="orders")
        make.daily(session, make.account(session), late, [0.4] * 60)
        for version in (OLD, NEW):
            sha256, card = handmade.save(settings.artifacts_dir, version, settings.signing_key)
            actions.register(session, version, sha256, card, 0.5, by="test", now=make.MONDAY)
            actions.promote(session, version, by="test", now=make.MONDAY)
    return settings.artifacts_dir / NEW


@pytest.fixture
def a_round(db, settings):
    """The steps of a worker's round that a model has to do with."""

    def go():
        for step in (notices.guard, actions.score_due, mails.compose):
            step(db, settings, now=make.MONDAY)

    return go


@pytest.fixture
def parsed(monkeypatch):
    """Whatever is parsed as a model; empty at first."""
    loads, seen = skops.io.loads, []

    def watch(packed, **options):
        seen.append(packed)
        return loads(packed, **options)

    monkeypatch.setattr(artifact.skops.io, "loads", watch)
    return seen


def _rewrite(path, change):
    path.write_bytes(change(path.read_bytes()))


def edited(folder):
    numbers = skops.io.loads((folder / sealed.MODEL).read_bytes())
    numbers["linear"]["weights"] = -numbers["linear"]["weights"]
    (folder / sealed.MODEL).write_bytes(skops.io.dumps(numbers))


def rezipped(folder):
    packed = io.BytesIO()
    with zipfile.ZipFile(folder / sealed.MODEL) as whole, zipfile.ZipFile(packed, "w") as again:
        for each in whole.infolist():
            again.writestr(each.filename, whole.read(each))
    (folder / sealed.MODEL).write_bytes(packed.getvalue())


def resigned(folder):
    shutil.rmtree(folder)
    handmade.save(folder.parent, folder.name, OTHER)


def rolled_back(folder):
    shutil.rmtree(folder)
    shutil.copytree(folder.parent / OLD, folder)


def bomb(folder):
    with zipfile.ZipFile(folder / sealed.MODEL, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b"0" * (64 << 20))


def link(folder):
    (folder / sealed.MODEL).rename(folder / "elsewhere")
    (folder / sealed.MODEL).symlink_to(folder / "elsewhere")


def linked_folder(folder):
    folder.rename(folder.parent / "elsewhere")
    folder.symlink_to(folder.parent / "elsewhere")


def pipe(folder):
    (folder / sealed.MODEL).unlink()
    os.mkfifo(folder / sealed.MODEL)


ATTACKS = {
    "edited weights in a valid zip": edited,
    "zipped again": rezipped,
    "another key": resigned,
    "no signature": lambda folder: (folder / sealed.SIGNATURE).unlink(),
    "an empty signature": lambda folder: (folder / sealed.SIGNATURE).write_bytes(b"{}"),
    "a deeply nested signature": lambda folder: (folder / sealed.SIGNATURE).write_bytes(b"[" * 4000),
    "an older version": rolled_back,
    "another card": lambda folder: _rewrite(folder / sealed.CARD, lambda card: card.replace(b"0.05", b"0.95")),
    "a pickle": lambda folder: (folder / sealed.MODEL).write_bytes(pickle.dumps(Bomb())),
    "a joblib file": lambda folder: joblib.dump(Bomb(), folder / sealed.MODEL),
    "a skops bomb": bomb,
    "an unknown type": lambda folder: skops.io.dump(LogisticRegression(), folder / sealed.MODEL),
    "a symbolic link": link,
    "a folder that is one": linked_folder,
    "a pipe": pipe,
    "a truncated model": lambda folder: _rewrite(folder / sealed.MODEL, lambda whole: whole[:-9]),
    "a truncated card": lambda folder: _rewrite(folder / sealed.CARD, lambda whole: whole[:-9]),
    "a truncated signature": lambda folder: _rewrite(folder / sealed.SIGNATURE, lambda whole: whole[:-9]),
    "half of the files": lambda folder: (folder / sealed.CARD).unlink(),
    "nothing": shutil.rmtree,
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_the_last_good_model_goes_on_and_the_leads_are_told_in_the_same_round(db, installed, parsed, attack, a_round):
    whole = {(installed.parent / version / sealed.MODEL).read_bytes() for version in (OLD, NEW)}
    attack(installed)
    _unpickled.clear()

    a_round()

    with db.read() as session:
        (notice,) = session.scalars(select(Notice))
        assert {score.model for score in session.scalars(select(Score))} == {OLD}
        assert [mail.recipient for mail in session.scalars(select(Mail).where(Mail.kind == "model"))] == [LENA]
    assert (notice.model, notice.title) == (NEW, "The model that was promoted cannot speak")
    assert f"Model {OLD} speaks instead" in notice.lines[1]
    assert _unpickled == []
    assert set(parsed) <= whole


def test_it_speaks_again_as_soon_as_its_files_are_back(db, installed, a_round):
    whole = (installed / sealed.MODEL).read_bytes()
    edited(installed)
    a_round()

    (installed / sealed.MODEL).write_bytes(whole)
    a_round()

    with db.read() as session:
        notice = session.scalar(select(Notice))
    assert (notice.closed_at, notice.why_closed) == (make.MONDAY, "the promoted model speaks")


def test_a_thousand_flipped_bits_are_all_seen_before_anything_is_parsed(settings, tmp_path, parsed):
    sha256, _ = handmade.save(tmp_path, NEW, settings.signing_key)
    draw, names = np.random.default_rng(11), list(sealed.LIMITS)
    whole = {name: (tmp_path / NEW / name).read_bytes() for name in names}
    for each in draw.integers(0, 3, 1_000).tolist():
        content = bytearray(whole[names[each]])
        content[draw.integers(0, len(content))] ^= 1 << int(draw.integers(0, 8))
        (tmp_path / NEW / names[each]).write_bytes(content)

        with pytest.raises(sealed.ArtifactRefused):
            artifact.load(tmp_path, NEW, sha256, settings.signing_key, {})
        (tmp_path / NEW / names[each]).write_bytes(whole[names[each]])
    assert parsed == []


@pytest.mark.parametrize("version", ["..", "../20260201-000000", "a/b", ".hidden", "", "x" * 65, "a\n"])
def test_a_version_is_a_name_and_no_way(settings, tmp_path, version):
    (tmp_path / "models").mkdir()
    sha256, _ = handmade.save(tmp_path, NEW, settings.signing_key)

    with pytest.raises(sealed.ArtifactRefused, match="is no name of a model"):
        artifact.load(tmp_path / "models", version, sha256, settings.signing_key, {})


def _changed(name):
    """The model with one number changed: its card does not know."""
    model = handmade.scorer()
    blend, items = model.blend, model.items
    if name == "items":
        return replace(model, items=replace(items, trees=handmade.asks(3, 0.5, -2.0, 1.1)))
    trees = handmade.asks(0, 0.3, -1.0, 1.1)
    changes = {
        "trees": {"trees": trees},
        "head": {"head": replace(blend.head, trees=trees)},
        "weights": {"linear": replace(blend.linear, weights=np.array([2.0, 0.5, 0.1, 1.1]))},
        "no number": {"trees": handmade.asks(0, 0.3, -1.0, np.nan)},
    }
    return replace(model, blend=replace(blend, **changes[name]))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("trees", "other risks"),
        ("weights", "other risks"),
        ("head", "other chances of several complaints"),
        ("items", "other chances of items"),
        ("no number", "risks that are no numbers"),
    ],
)
def test_well_signed_numbers_that_are_not_those_of_the_card_are_refused(settings, tmp_path, name, found):
    sha256, _ = handmade.save(tmp_path, NEW, settings.signing_key, model=_changed(name))

    with pytest.raises(sealed.ArtifactRefused, match=f"gives {found} here"):
        artifact.load(tmp_path, NEW, sha256, settings.signing_key, {})


def _renamed(card):
    return {"blend": json.loads(json.dumps(card["blend"]).replace("late_share:level_7", "late_share:level_5"))}


def _moved(card):
    features = [[*row[:-1], 7.0] for row in card["golden"]["account"]["features"]]
    return {"golden": card["golden"] | {"account": card["golden"]["account"] | {"features": features}}}


@pytest.mark.parametrize(("change", "found"), [(_renamed, "not one that this Headsup can ask"), (_moved, "features")])
def test_a_model_of_another_feature_schema_is_refused(settings, tmp_path, change, found):
    sha256, _ = handmade.save(tmp_path, NEW, settings.signing_key, **change(handmade.card_of(handmade.scorer())))

    with pytest.raises(sealed.ArtifactRefused, match=found):
        artifact.load(tmp_path, NEW, sha256, settings.signing_key, {})


@pytest.mark.parametrize("sklearn", ["0.24.2", "1.3.0", "99.0"])
def test_another_version_of_scikit_learn_changes_nothing(settings, tmp_path, sklearn):
    sha256, card = handmade.save(tmp_path, NEW, settings.signing_key, libraries={"scikit-learn": sklearn})

    scorer = artifact.load(tmp_path, NEW, sha256, settings.signing_key, {})

    assert scorer.blend.risk(handmade.VALUES).tolist() == card["golden"]["risk"]


def test_a_signed_model_that_holds_more_than_numbers_is_refused(settings, tmp_path):
    sha256, _ = handmade.save(tmp_path, NEW, settings.signing_key, numbers={"linear": LogisticRegression()})

    with pytest.raises(sealed.ArtifactRefused, match="more than numbers"):
        artifact.load(tmp_path, NEW, sha256, settings.signing_key, {})


def test_a_signed_model_that_unpacks_to_more_than_any_does_is_refused(settings, tmp_path, monkeypatch, parsed):
    sha256, _ = handmade.save(tmp_path, NEW, settings.signing_key, numbers={"linear": np.zeros(1 << 20)})
    monkeypatch.setattr(artifact, "MOST_BYTES", 1 << 20)

    with pytest.raises(sealed.ArtifactRefused, match=r"takes 8,\d+,\d+ bytes"):
        artifact.load(tmp_path, NEW, sha256, settings.signing_key, {})
    assert parsed == []
