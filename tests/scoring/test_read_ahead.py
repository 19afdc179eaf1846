"""Batches are read one ahead of the work, in order, each whole."""

from service.scoring import history
from tests import make
from tests.scoring import planted


def test_reading_ahead_gives_what_reading_one_by_one_gives(session):
    planted.company(session, accounts=7, weeks=6)
    batches = [[1, 2, 3], [4, 5, 6], [7]]

    ahead = list(history.read_ahead(session, batches, until=make.MONDAY))

    alone = [history.read(session, batch, until=make.MONDAY, whole=True) for batch in batches]
    for one, other in zip(ahead, alone, strict=True):
        assert len(one.observations) > 0
        assert one.observations.to_native().equals(other.observations.to_native())
        assert one.complaints.to_native().equals(other.complaints.to_native())
        assert one.accounts.to_native().equals(other.accounts.to_native())
