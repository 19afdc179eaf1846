"""A model with every part, made by hand: linear, trees, a head for several complaints, and a model of items."""

import numpy as np

from service.scoring import artifact, golden
from service.scoring.definitions import Definition
from service.scoring.heads import Head
from service.scoring.items import ItemModel
from service.scoring.linear import Linear
from service.scoring.past import Prior
from service.scoring.trained import Blend, TrainedScorer
from service.scoring.trees import Trees

DEFINITIONS = (
    Definition(1, "late_share", "Share delivered late", "share", better="lower", target=0.05),
    Definition(2, "open", "Open orders", "orders", combine="last", exposure=True),
)
COLUMNS = ("late_share:level_7", "late_share:last", "open:last", "items:expected")
VALUES = np.array([[0.1, 0.2, 4, 0.1], [0.5, 0.6, 9, 1.2], [0.02, np.nan, 1, 0.0]], np.float32)


def tree(*nodes):
    """One tree of (feature, threshold, left, right, group, value); a leaf leads to itself."""
    feature, threshold, left, right, group, value = (np.array(column) for column in zip(*nodes, strict=True))
    places = {"feature": feature, "left": left, "right": right, "group": group}
    return Trees(
        roots=np.zeros(1, np.int32),
        **{name: numbers.astype(np.int32) for name, numbers in places.items()},
        threshold=threshold.astype(float),
        gap_left=np.ones(len(nodes), bool),
        value=value.astype(float),
        depth=1,
        base=-0.5,
    )


def asks(feature, threshold, low, high, group=0):
    """A tree with one question."""
    return tree((feature, threshold, 1, 2, -1, 0), (0, 0, 1, 1, group, low), (0, 0, 2, 2, group, high))


def scorer(**changes):
    """The model; `blend` or `items` take the place of its own."""
    linear = Linear(np.zeros(4), np.ones(4), np.array([2.0, 0.5, 0.1, 1.0]), np.zeros(4), -1.0)
    blend = Blend(
        COLUMNS,
        ("late_share", "open", "items"),
        ((0, 1), (2,), (3,)),
        linear=linear,
        trees=asks(0, 0.3, -1.0, 1.0),
        share=0.5,
        centre=np.zeros(3),
        head=Head(asks(0, 0.3, -2.0, 0.0), (2,)),
    )
    items = ItemModel(("late_share",), asks(3, 0.5, -2.0, 1.0), alike=0.25, most=40)
    parts = {"blend": blend, "items": items} | changes
    return TrainedScorer("", parts["blend"], DEFINITIONS, Prior(), {}, parts["items"])


def card_of(model):
    """The card of a model that passed its test."""
    return {
        "blend": artifact.blend_card(model.blend),
        "items": artifact.items_card(model.items),
        "metrics": [definition.as_card() for definition in model.definitions],
        "prior": {},
        "typical": {},
        "golden": golden.of(model, VALUES),
        "libraries": {"scikit-learn": "1.9.1"},
        "measures": {
            "model": {"average_precision": 0.6, "calibration_error": 0.02},
            "baselines": {"recency": {"average_precision": 0.4}, "base_rate": {"average_precision": 0.1}},
        },
        "tested": {"rows": 800, "accounts": 200, "said": 0.1, "came": 0.1},
        "alert_line": {"line": 0.5},
    }


def save(folder, version, key, *, model=None, numbers=None, **card):
    """Write the model, or another one, under a card with changes; return its hash and its card."""
    model = model or scorer()
    facts = card_of(scorer()) | card
    sha256 = artifact.save(folder, version, numbers or artifact.numbers_of(model.blend, model.items), facts, key)
    return sha256, facts
