"""A03: the part that runs with every change; `python -m tests.fuzz` runs a million times."""

import time

import pytest

from tests.faults.conftest import size
from tests.fuzz.mutations import mutations
from tests.fuzz.targets import Artefact, targets

RUNS = {"token": size(2_000, 200_000), "mail": size(500, 50_000), "rows": size(1_000, 100_000)}
RUNS |= {"artefact": size(300, 30_000)}


@pytest.fixture
def artefact():
    made = Artefact()
    yield made
    made.close()


@pytest.mark.parametrize("name", RUNS)
def test_no_bytes_break_a_reader_or_keep_it_busy(artefact, name):
    target = targets(artefact)[name]
    slowest = 0.0

    for data in mutations(target.seeds, runs=RUNS[name], seed=3, longest=4_096):
        began = time.process_time()
        target.read(data)
        slowest = max(slowest, time.process_time() - began)

    assert slowest < 1


@pytest.mark.parametrize("name", RUNS)
def test_what_is_right_is_read_to_its_end(artefact, name):
    target = targets(artefact)[name]

    assert [target.read(seed) for seed in target.seeds] == [None] * len(target.seeds)
