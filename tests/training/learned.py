"""A planted company in a database of its own, and what is learned from it."""

from service.kit import schema
from service.kit.database import Database
from service.kit.settings import Settings
from tests import make
from tests.scoring import planted
from training import backtest, training
from training.window import Asked


def unwatched(_name, _done, _of):
    pass


def database(folder, **company):
    """The database and its settings; `company`: how it is planted."""
    settings = Settings(data_dir=folder, signing_key="c2lnbmluZy1rZXktb2YtdGhlLXRlc3Qtc3VpdGUtMDE=", _env_file=None)
    db = Database(settings.database)
    schema.upgrade(db)
    with db.begin() as session:
        planted.company(session, **company)
    return db, settings


def collected(session, asked=Asked()):  # noqa: B008, frozen
    return backtest.collect(session, asked, 14, now=make.MONDAY, progress=unwatched)


def trained(material, settings, now=make.MONDAY):
    return training.train(material, settings, seed=0, now=now, progress=unwatched)
