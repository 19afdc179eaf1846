"""Keys are looked up once for many requests, and forgotten when they are ended."""

from models import ApiKey
from service.access import actions
from service.kit.database import Database


def test_a_key_that_polls_is_looked_up_once(client_with, reads):
    client = client_with("read")

    answers = [client.get("/v1/metrics").status_code for _ in range(10)]

    assert answers == [200] * 10
    assert len(reads) == 1


def test_a_key_ended_in_this_process_opens_nothing_from_then_on(client_with, db, clock):
    client = client_with("read")
    before = client.get("/v1/metrics").status_code

    with db.begin() as session:
        actions.revoke_keys(session, "test", by="ola", now=clock.at)

    assert (before, client.get("/v1/metrics").status_code) == (200, 401)


def test_an_end_that_is_taken_back_leaves_the_key_open(client_with, db, clock):
    client = client_with("read")
    client.get("/v1/metrics")

    with db.begin() as session:
        actions.revoke_keys(session, "test", by="ola", now=clock.at)
        session.rollback()

    assert client.get("/v1/metrics").status_code == 200


def test_a_key_ended_by_another_process_opens_nothing_after_two_seconds(client_with, settings, clock, later):
    client = client_with("read")
    client.get("/v1/metrics")
    other = Database(settings.database)
    with other.begin() as session:
        session.query(ApiKey).update({"revoked_at": clock.at})
    other.close()

    later(seconds=3)

    assert client.get("/v1/metrics").status_code == 401


def test_a_key_that_expires_opens_nothing_after_two_seconds(client_with, db, clock, later):
    client = client_with("read")
    client.get("/v1/metrics")
    with db.begin() as session:
        session.query(ApiKey).update({"expires_at": clock.at})

    later(seconds=3)

    assert client.get("/v1/metrics").status_code == 401
