"""Tables and migrations agree."""

from models import Base
from service.kit import schema


def test_the_migrated_database_has_the_tables_of_models(db):
    assert schema.differences(db) == []


def test_every_table_goes_when_everything_is_undone(settings, db):
    schema.downgrade(db, "base")

    with db.engine.connect() as connection:
        left = set(connection.dialect.get_table_names(connection)) & set(Base.metadata.tables)
    schema.upgrade(db)
    assert left == set()


def test_migrating_twice_changes_nothing(db):
    assert schema.upgrade(db) == schema.upgrade(db) == schema.head()
