"""The canary: every five minutes a made-up account goes the whole way of a heads-up, and leaves no trace.

Bad figures are stored, scored, an alert opened, an update written and a mail composed, all in one transaction that is
undone; then the mail goes to the rehearsal's mailbox, or the relay is greeted. A stage that stands still shows here
even when there is nothing to do for it, and even when it fails without an error.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.utils import parseaddr
from uuid import UUID

from models import Alert, Score
from service.accounts import actions as accounts
from service.accounts import queries as account_rows
from service.accounts.schemas import AccountRow
from service.alerts import queries as alerts
from service.health import queries
from service.health.rules import EVERY, REHEARSER
from service.kit.database import Database, Session
from service.kit.errors import HeadsupError, Unavailable
from service.kit.settings import Settings
from service.metrics import actions as metrics
from service.metrics.schemas import MetricIn, ObservationIn
from service.updates import actions as updates
from service.updates import smtp, tell
from service.updates.envelope import domain
from service.updates.schemas import UpdateIn
from service.updates.smtp import Channel, Limits

BAD_DAYS, GOOD_DAYS = 10, 50
# Nobody can be met under a name of this domain.
NOBODY = "rehearsal@headsup.invalid"


class StageStands(Unavailable):
    """A stage of the way from metric to mail does not work."""


class _Undone(Exception):
    """How the rehearsal's transaction ends."""


def rehearse(db: Database, settings: Settings, *, now: datetime) -> int:
    """Rehearse if the last time was five minutes ago, and write down how it went; what it did is undone, so 0.

    Raises:
        StageStands: the detail names the stage.
    """
    with db.begin() as session:
        if not queries.claim_rehearsal(session, now=now, every=EVERY):
            return 0
    try:
        _rehearse(db, settings, now=now)
    except StageStands as trouble:
        with db.begin() as session:
            queries.note_rehearsal(session, now=now, trouble=trouble.detail)
        raise
    with db.begin() as session:
        queries.note_rehearsal(session, now=now, trouble=None)
    return 0


def _rehearse(db: Database, settings: Settings, *, now: datetime) -> None:
    from service.scoring import active  # noqa: PLC0415  polars and scikit-learn stay out of the web process

    with _stage("score"), db.read() as session:
        # Loads the model before anything is locked.
        active.speaking(session, settings)
    try:
        with db.begin() as session:
            with _stage("store"):
                account_id = _store(session, settings, now=now)
            with _stage("score"):
                score = _score(session, account_id, settings, now=now)
            with _stage("alert"):
                alert = _alert(session, score, now=now)
            with _stage("update"):
                update_id = _tell(session, alert, now=now)
            with _stage("compose"):
                content = _compose(session, update_id, settings, now=now)
            raise _Undone  # noqa: TRY301  it ends the transaction, and nothing else
    except _Undone:
        pass
    with _stage("send"):
        _send(content, settings)


@contextmanager
def _stage(name: str) -> Iterator[None]:
    """Give what goes wrong inside the stage's name. The text of an error may quote rows; its kind never does."""
    try:
        yield
    except HeadsupError as error:
        raise StageStands(f"{name}: {error.detail or error.title()}") from error
    except Exception as error:
        raise StageStands(f"{name}: {type(error).__name__}") from error


def _store(session: Session, settings: Settings, *, now: datetime) -> int:
    row = AccountRow(account_id=REHEARSER, name="Rehearsal", rep_email=settings.rehearsal_to or NOBODY)
    accounts.put_accounts(session, [row], by=REHEARSER, now=now)
    metrics.put_metric(session, REHEARSER, MetricIn(label="Rehearsal", better="lower"), by=REHEARSER, now=now)
    sent = [
        ObservationIn.model_validate(
            {
                "account_id": REHEARSER,
                "metric": REHEARSER,
                "observed_at": (now - timedelta(days=age, minutes=1)).isoformat(),
                "value": (0.6 if age < BAD_DAYS else 0.02) + 0.01 * (age % 2),
            }
        )
        for age in range(BAD_DAYS + GOOD_DAYS)
    ]
    metrics.store_observations(session, sent, by=REHEARSER, now=now)
    account_id = account_rows.account_ids(session, [REHEARSER])[REHEARSER]
    if queries.observations_of(session, account_id) != len(sent):
        raise StageStands("observations were taken and are not there")
    return account_id


def _score(session: Session, account_id: int, settings: Settings, *, now: datetime) -> Score:
    from service.scoring import scoring_round  # noqa: PLC0415  polars and scikit-learn stay out of the web process

    found = scoring_round.read(session, settings, [account_id], now=now)
    scoring_round.write(session, scoring_round.judge(found, now=now), [], now=now)
    score = queries.score_of(session, account_id)
    if score is None:
        raise StageStands("the account was judged and has no score")
    return score


def _alert(session: Session, score: Score, *, now: datetime) -> Alert:
    candidate = alerts.Candidate(account_id=score.account_id, risk=score.risk, model=score.model, last=None)
    if alerts.insert_alert(session, candidate, score.risk, now=now) is None:
        raise StageStands("an alert was to open and did not")
    return alerts.alerts_of_account(session, score.account_id)[0]


def _tell(session: Session, alert: Alert, *, now: datetime) -> UUID:
    following = (now + EVERY).isoformat()
    said = {"cause": "Rehearsal", "owner": "Headsup", "fix": "None is needed", "next_update_at": following}
    return updates.write_update(session, alert, UpdateIn.model_validate(said), by=REHEARSER, now=now).id


def _compose(session: Session, update_id: UUID, settings: Settings, *, now: datetime) -> bytes:
    tell.compose_one(session, update_id, settings, now=now)
    content = queries.content_of(session, update_id)
    if content is None:
        raise StageStands("an update was written and has no mail")
    return content


def _send(content: bytes, settings: Settings) -> None:
    """Hand the mail over, or where nobody wants it greet the relay. Without a relay there is nothing to rehearse."""
    if not settings.smtp_url:
        return
    with Channel(smtp.relay_of(settings.smtp_url), domain(settings), Limits.within(settings.mail_seconds)) as channel:
        if settings.rehearsal_to:
            channel.deliver(parseaddr(settings.mail_from)[1], settings.rehearsal_to, content)
        else:
            channel.greet()
