"""Call people when a model's alerts or risks are no longer what they were, and let them go when that is over."""

from datetime import datetime, timedelta

from models import STARTER
from service.kit.database import Database, Session
from service.kit.settings import Settings
from service.scoring import notices
from service.scoring import queries as scoring
from service.watching import phrasebook, queries, rules, words

LOOK_BACK = timedelta(days=120)
MINE = {words.TITLE, words.LEVEL_TITLE}


def review(session: Session, settings: Settings, *, now: datetime) -> None:
    """Open, renew or close the notice about the speaking model, by what was seen today and lived lately."""
    days = queries.watch_days(session, since=now.date() - timedelta(days=rules.DAYS_IN_A_ROW))
    today = days[-1]
    days = [each for each in days if each.model == today.model]
    mine = [each for each in queries.model_days(session, since=(now - LOOK_BACK).date()) if each.model == today.model]
    lived = rules.recent(each for each in mine if not each.shadow)
    standing = scoring.open_notices(session)
    for notice in standing:
        if notice.model != today.model:
            notices.close(session, notice, f"{today.model} speaks now", now=now)
        elif notice.title == words.TITLE and rules.is_over(days, lived, settings.drift_loss):
            notices.close(session, notice, "the loss is gone", now=now)
        elif notice.title == words.LEVEL_TITLE and rules.off_level(lived, rules.CALM * rules.OFF_LEVEL) is None:
            notices.close(session, notice, "the risks come true", now=now)
    # A model that cannot speak at all is the greater trouble.
    if today.model == STARTER or any(each.model == today.model and each.title not in MINE for each in standing):
        return
    if found := rules.loss(days, lived, settings.drift_loss):
        loss, how = found
        definitions = {each.key: each for each in scoring.definitions(session)}
        own = phrasebook.read(settings.templates)
        lines = words.loss(today, lived, how, settings.horizon_days, definitions, words=own)
        notices.call(session, today.model, words.TITLE, lines, loss=loss, now=now)
    elif lived and (off := rules.off_level(lived, rules.OFF_LEVEL)) and not _open(session, words.TITLE):
        lines = words.off_level(lived, settings.horizon_days, phrasebook.read(settings.templates))
        notices.call(session, today.model, words.LEVEL_TITLE, lines, loss=off, now=now)


def _open(session: Session, title: str) -> bool:
    return any(each.title == title for each in scoring.open_notices(session))


def guard(db: Database, settings: Settings, *, now: datetime) -> int:
    """Look whether the promoted model can speak, and call people if it cannot; a step of the worker."""
    from service.scoring import active  # noqa: PLC0415  polars and scikit-learn stay out of the web process

    with db.read() as session:
        found = active.refused(session, settings)
        standing = [each for each in scoring.open_notices(session) if each.title == notices.REFUSED]
        if found is None and not standing:
            return 0
    with db.begin() as session:
        for notice in scoring.open_notices(session):
            if notice.title == notices.REFUSED and (found is None or notice.model != found.model):
                notices.close(session, notice, "the promoted model speaks", now=now)
        if found is not None:
            lines = words.refused(found.why, found.instead, phrasebook.read(settings.templates))
            notices.call(session, found.model, notices.REFUSED, lines, now=now)
    return int(found is not None and not standing)
