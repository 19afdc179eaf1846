"""The cast of the simulated company: its accounts, reps and depots. All of them are invented."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEMS = (  # noqa: SIM905, a list of a hundred words reads better as one text
    "Alder,Amber,Anchor,Arbor,Aspen,Atlas,Aurora,Beacon,Birch,Blue Harbor,Bramble,Bridgewater,Brightside,Calder,"
    "Canal Street,Cedar,Clearwater,Clover,Copper Kettle,Coral,Crescent,Crown,Dale,Delta,Driftwood,Eastgate,Elm,Ember,"
    "Fairfield,Falcon,Fern,Field & Stone,Foxglove,Garnet,Gable,Golden Acre,Grove,Harvest Moon,Hawthorn,Hazel,Heron,"
    "Highland,Hollow Oak,Iron Bridge,Ivy,Juniper,Kestrel,Kingfisher,Lantern,Lark,Laurel,Linden,Lighthouse,Maple,"
    "Marigold,Meadow,Millstone,Moorland,North Star,Northwind,Oakridge,Old Mill,Orchard,Osprey,Pebble,Pine,Poplar,"
    "Quarry,Quill,Raven,Red Barn,Ridge,River Bend,Rosewood,Rowan,Saffron,Sage,Sandpiper,Silver Birch,Southgate,"
    "Sparrow,Spruce,Stonebridge,Summit,Swallow,Tamarind,Thistle,Timber,Trellis,Tulip,Valley,Velvet,Vine,Walnut,"
    "Waterside,Westbrook,White Swan,Wild Rose,Willow,Windmill,Winter,Wren,Yarrow,Zephyr"
).split(",")
# segment: (kinds of business, share of accounts, delivered on Saturdays, work days' volume against the usual)
SEGMENTS = {
    "grocery": (("Foods", "Markets", "Provisions"), 0.28, True, 1.5),
    "hospitality": (("Hotels", "Kitchens", "Catering"), 0.20, True, 0.8),
    "pharmacy": (("Pharmacies", "Health", "Medical Supply"), 0.14, False, 0.7),
    "retail": (("Stores", "Outfitters", "Home"), 0.24, False, 1.0),
    "industrial": (("Tools", "Components", "Works"), 0.14, False, 0.6),
}
REPS = (  # noqa: SIM905, as above
    "Rita Reyes,Marcus Boateng,Anneke de Vries,Tomás Herrera,Priya Raman,Jonas Keller,Leila Haddad,Owen Fletcher,"
    "Sofia Lindqvist,Daniel Okafor,Mei Tanaka,Pavel Novák,Grace Whitfield,Luca Moretti,Hannah Schäfer,Yusuf Demir,"
    "Claire Dubois,Ravi Menon"
).split(",")
DEPOTS = {
    "Hamburg": "Europe/Berlin",
    "Leipzig": "Europe/Berlin",
    "Utrecht": "Europe/Amsterdam",
    "Lyon": "Europe/Paris",
    "Birmingham": "Europe/London",
    "Milan": "Europe/Rome",
}
OWNERS = ("ola@example.com", "omar@example.com", "lena@example.com")


@dataclass(frozen=True)
class Cast:
    """`rows` are as in an import file; every array has the shape (n_accounts,)."""

    rows: list[dict[str, str | float]]
    depot: NDArray[np.int64]
    saturdays: NDArray[np.bool_]
    deliveries_a_day: Floats
    started: NDArray[np.int64]
    """Day of the simulation on which the account began; negative where it was there before."""

    @property
    def ids(self) -> NDArray[np.str_]:
        return np.array([str(row["account_id"]) for row in self.rows])


def make_cast(count: int, days: int, first: date, rng: np.random.Generator) -> Cast:
    """Make the accounts: sizes are log-normal, one in eight begins during the simulated time."""
    kinds = list(SEGMENTS)
    segment = rng.choice(len(kinds), count, p=[SEGMENTS[kind][1] for kind in kinds])
    volume = np.array([SEGMENTS[kinds[at]][3] for at in segment])
    size = np.maximum(2.0, rng.lognormal(np.log(14), 0.8, count) * volume)
    depot = rng.choice(len(DEPOTS), count)
    new = rng.random(count) < 0.125
    started = np.where(new, rng.integers(20, max(21, days - 30), count), -rng.integers(60, 2200, count))
    value = np.round(size * rng.lognormal(np.log(2600), 0.35, count), -2)
    names = _names([kinds[at] for at in segment], rng)
    rows = [
        _row(number, names[number], kinds[segment[number]], int(depot[number]), float(value[number]))
        | {"started_on": str(first + timedelta(days=int(started[number])))}
        for number in range(count)
    ]
    saturdays = np.array([SEGMENTS[kinds[at]][2] for at in segment])
    return Cast(rows, depot, saturdays, size, started)


def _row(number: int, name: str, segment: str, depot: int, value: float) -> dict[str, str | float]:
    # A rep looks after accounts of one depot; there are three a depot.
    rep = REPS[depot * 3 + number % 3]
    return {
        "account_id": f"C{10_001 + number}",
        "name": name,
        "rep_email": f"{_plain(rep)}@sales.example.com",
        "rep_name": rep,
        "owner_email": OWNERS[number % len(OWNERS)],
        "value": value,
        "time_zone": list(DEPOTS.values())[depot],
        "segment": segment,
    }


def _plain(name: str) -> str:
    return name.lower().replace(" ", ".").translate(str.maketrans("áäüé", "aaue"))


def _names(segments: list[str], rng: np.random.Generator) -> list[str]:
    pools = {kind: [f"{stem} {ending}" for stem in STEMS for ending in SEGMENTS[kind][0]] for kind in SEGMENTS}
    for pool in pools.values():
        rng.shuffle(pool)
    given: Counter[str] = Counter()
    names = []
    for segment in segments:
        again, at = divmod(given[segment], len(pools[segment]))
        names.append(pools[segment][at] + (f" {again + 1}" if again else ""))
        given[segment] += 1
    return names
